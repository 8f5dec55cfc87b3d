/** What `npm start` prints once the proxy answers. */
export function thingsToTry(port: number): string {
  const url = `http://127.0.0.1:${port}`;
  return `
Tidegate listens on ${url} in front of the backends site-a, site-b and api. Try, in another terminal:

  curl ${url}/                       a backend's name and the request it got;
                                                    again and again: site-a twice as often as site-b
  curl ${url}/api/users              a route of the config: backend api
  curl '${url}/hello?name=Ada'       "Hello Ada, said a rule.": no backend was asked
  curl -i ${url}/old/page            308, Location: /archive/page
  curl -i ${url}/admin               403: the rule lets 10.0.0.0/8 in only
  curl --cookie beta=1 ${url}/       backend api, with "x-cohort: beta"
  curl -i -X DELETE ${url}/api/x     the route takes no DELETE: the site answers

Why a request goes where it goes, with the rule's file and line:

  PORT=${port} npm run -s tidegate -- explain --config examples/demo/tidegate.config.ts GET ${url}/admin

The rules are examples/demo/rules/site.ts: change them and save, and the next request follows them.
Ctrl-C ends the proxy and the backends.

`;
}
