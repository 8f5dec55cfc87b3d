import { defineRules, deny, forward, next, redirect, respond } from 'tidegate/rules';

// Save a change of this file while the demo runs: it takes effect at once, and no connection is lost.
export default defineRules({
  request(req) {
    if (req.path === '/hello') return respond(`Hello ${req.query.get('name') ?? 'there'}, said a rule.\n`);
    if (req.path.startsWith('/old/')) return redirect(req.target.replace('/old/', '/archive/'), 308);
    if (req.path.startsWith('/admin') && !req.client.in('10.0.0.0/8')) return deny();
    if (req.cookies.get('beta') === '1') return forward('api', { setHeaders: { 'x-cohort': 'beta' } });
    return next(); // on to the routes table, then to the listener's upstream
  },
  response(res) {
    res.headers.delete('server');
    res.headers.set('x-served-by', 'tidegate');
  },
});
