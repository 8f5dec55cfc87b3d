import { afterAll, beforeAll, expect, test } from 'vitest';
import { register } from '../../../core/cli/explain.ts';
import { projectFolder, runCli, runHere } from '../../integration/cli/run-cli.ts';

const config = `
listeners:
  - name: web
    protocol: http
    address: 127.0.0.1:8080
    rules: ./site.ts
    routes:
      - { host: api.example.com, path: /v2/*, method: GET, upstream: api }
      - { headers: { x-preview: '1' }, upstream: api }
    upstream: site
  - { name: bare, protocol: http, address: 127.0.0.1:8081 }
  - name: plain
    protocol: http
    address: 127.0.0.1:8082
    redirectToHttps: { except: [/open/*] }
    upstream: site
upstreams:
  site: { sticky: { type: cookie }, backends: [{ address: 127.0.0.1:9001, weight: 0 }, { address: 127.0.0.1:9002 }] }
  api: { backends: [{ address: 127.0.0.1:9003 }] }
  reserved: { fallback: api, backends: [{ address: 127.0.0.1:9005, weight: 0 }] }
  empty: { backends: [{ address: 127.0.0.1:9004, weight: 0 }] }
lists: { office: [192.0.2.0/24] }
`;

const script = `import { defineRules, deny, forward, next, redirect } from 'tidegate/rules';
export default defineRules({
  request(req) {
    if (req.path === '/admin' && !req.client.in('office')) return deny();
    if (req.path === '/old') return redirect('/new', 308);
    if (req.path === '/empty') return forward('empty');
    if (req.path === '/reserved') return forward('reserved');
    if (req.path === '/typo') return forward('sitte');
    if (req.path === '/throws') throw new Error('on purpose');
    if (req.path === '/preview') req.headers.set('x-preview', '1');
    return next();
  },
});
`;

let project: Awaited<ReturnType<typeof projectFolder>>;
beforeAll(async () => {
  project = await projectFolder({ 'tidegate.config.yaml': config, 'site.ts': script });
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

const url = 'http://127.0.0.1:8080';

test.for([
  ['a rule denies', ['GET', `${url}/admin`], ['deny 403, at site.ts:4:', 'answered with 403']],
  [
    'a named list lets in',
    ['GET', `${url}/admin`, '--client', '192.0.2.9'],
    ['next, at site.ts:11:', '127.0.0.1:9002'],
  ],
  ['a rule redirects', ['GET', `${url}/old`], ['redirect 308 to /new, at site.ts:5:', 'answered with 308']],
  [
    'a listener redirects to https',
    ['GET', 'http://127.0.0.1:8082/a?b'],
    ['308 to https://127.0.0.1/a?b', 'ahead of rules', 'answered with 308'],
  ],
  [
    'a path is excepted from that',
    ['GET', 'http://127.0.0.1:8082/open/a'],
    ['/open/* is not redirected to https', '127.0.0.1:9002'],
  ],
  [
    'there is no host to redirect to',
    ['GET', 'http://127.0.0.1:8082/', '-H', 'Host: a&b'],
    ['refused: request-malformed', 'answered with 400'],
  ],
  ['no backend takes requests', ['GET', `${url}/empty`], ['127.0.0.1:9004: weight 0', 'answered with 503']],
  [
    'another upstream stands in',
    ['GET', `${url}/reserved`],
    ['it stands in for reserved', '/reserved goes to 127.0.0.1:9003'],
  ],
  ['a rule names no upstream', ['GET', `${url}/typo`], ['"sitte" does not exist', 'answered with 500']],
  ['a rule throws', ['GET', `${url}/throws`], ['on purpose', 'site.ts:9', 'answered with 500']],
  [
    'a route takes it',
    ['GET', `${url}/v2/users`, '-H', 'Host: api.example.com'],
    ['routes[0]', 'goes to 127.0.0.1:9003'],
  ],
  [
    'a route wants another method',
    ['PUT', `${url}/v2/users`, '-H', 'Host: api.example.com'],
    ['PUT is none of GET', 'goes to 127.0.0.1:9002'],
  ],
  [
    'a route sees a header that the rule set',
    ['GET', `${url}/preview`],
    ['routes[1]', 'goes to 127.0.0.1:9003'],
  ],
  ['nothing takes it', ['GET', 'http://127.0.0.1:8081/'], ['bare', 'answered with 404']],
  [
    'the path is ambiguous',
    ['GET', `${url}/public/%2e%2e/admin`],
    ['request-malformed', 'answered with 400'],
  ],
  ['the method is not proxied', ['TRACE', `${url}/`], ['method-not-allowed', 'answered with 405']],
  ['a header is malformed', ['GET', `${url}/`, '-H', 'x y: z'], ['request-malformed', 'answered with 400']],
  [
    'a listener is named',
    ['GET', 'http://example.com/', '--listener', 'web'],
    ['named with --listener', 'goes to 127.0.0.1:9002'],
  ],
] as const)('explain says why: %s', async ([, args, expected]) => {
  const { status, stdout, stderr } = await runHere(project.path, register, 'explain', ...args);
  expect(stderr).toBe('');
  for (const text of expected) expect(stdout).toContain(text);
  expect(status).toBe(0);
});

test('explain does not guess a listener', async () => {
  const { status, stderr } = await runCli(project.path, 'explain', 'GET', 'http://example.com/');
  expect(stderr).toContain('no listener for http has port 80');
  expect(stderr).toContain('web (127.0.0.1:8080), bare (127.0.0.1:8081)');
  expect(status).toBe(1);
});

test('explain --json gives the steps and the outcome', async () => {
  const { stdout } = await runCli(project.path, 'explain', 'GET', `${url}/`, '--json');
  const explanation: unknown = JSON.parse(stdout);
  expect(explanation).toMatchObject({
    steps: [
      { step: 'listener' },
      { step: 'request' },
      { step: 'rule' },
      { step: 'route' },
      { step: 'upstream' },
      { step: 'backend' },
    ],
    outcome: { kind: 'forward', upstream: 'site', backend: '127.0.0.1:9002', target: '/' },
  });
});
