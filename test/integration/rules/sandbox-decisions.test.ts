import { expect, test } from 'vitest';
import { loadSandbox, requestOf, UNHURRIED } from './load-sandbox.ts';

const text = `export default defineRules({
  request(req) {
    switch (req.path) {
      case '/redirect': return redirect('https://' + req.host + req.target, 308);
      case '/deny': return deny();
      case '/gone': return deny(410);
      case '/forward': return forward('site');
      case '/path': return forward('site', { path: '/new', host: 'b.example:81', setHeaders: { 'x-a': '1' }, removeHeaders: ['x-b'] });
      case '/query': return forward('site', { path: '/new?only=this' });
      case '/edit': req.headers.set('X-One', '1'); req.headers.append('x-two', '2'); req.headers.delete('accept'); return forward('site');
      case '/respond': return respond('hé', { status: 201, headers: { 'x-y': ['a', 'b'] } });
      case '/next': return next();
    }
  },
});`;

test('every decision arrives as it was made', async () => {
  const { script } = await loadSandbox(text, UNHURRIED);
  const decide = (target: string): unknown => script.request(requestOf(target));
  expect(decide('/redirect?a=b')).toEqual({
    kind: 'redirect',
    location: 'https://example.com/redirect?a=b',
    status: 308,
  });
  expect(decide('/deny')).toEqual({ kind: 'deny', status: 403 });
  expect(decide('/gone')).toEqual({ kind: 'deny', status: 410 });
  expect(decide('/forward')).toEqual({
    kind: 'forward',
    upstream: 'site',
    target: null,
    host: null,
    edits: [],
  });
  expect(decide('/path?q=1')).toEqual({
    kind: 'forward',
    upstream: 'site',
    target: '/new?q=1',
    host: 'b.example:81',
    edits: [
      { op: 'delete', name: 'x-b' },
      { op: 'set', name: 'x-a', value: '1' },
    ],
  });
  expect(decide('/query?q=1')).toMatchObject({ target: '/new?only=this' });
  expect(decide('/edit')).toMatchObject({
    kind: 'forward',
    edits: [
      { op: 'set', name: 'X-One', value: '1' },
      { op: 'append', name: 'x-two', value: '2' },
      { op: 'delete', name: 'accept' },
    ],
  });
  expect(decide('/respond')).toEqual({
    kind: 'respond',
    status: 201,
    headers: [
      ['x-y', 'a'],
      ['x-y', 'b'],
      ['content-type', 'text/plain;charset=UTF-8'],
    ],
    body: 'hé',
  });
  expect(decide('/next')).toEqual({ kind: 'next', edits: [] });
  expect(decide('/nothing')).toEqual({ kind: 'next', edits: [] });
});

test('a decision that recurs stays what it is, and takes no header changes of other requests with it', async () => {
  const { script } = await loadSandbox(
    `
    const home = redirect('/home');
    const moved = forward('site', { path: '/new' });
    export default defineRules({
      request(req) {
        if (req.path === '/home') return home;
        if (req.headers.has('x-edit')) req.headers.set('x-added', req.headers.get('x-edit') ?? '');
        return req.path === '/moved' ? moved : forward('site');
      },
    });`,
    UNHURRIED,
  );
  for (let round = 0; round < 6; round++) {
    const head = `x-edit: ${round}`;
    const edits = [{ op: 'set', name: 'x-added', value: String(round) }];
    expect(script.request(requestOf('/home'))).toEqual({ kind: 'redirect', location: '/home', status: 302 });
    expect(script.request(requestOf('/a'))).toMatchObject({ kind: 'forward', upstream: 'site', edits: [] });
    expect(script.request(requestOf('/a', { head }))).toMatchObject({ edits });
    expect(script.request(requestOf('/a'))).toMatchObject({ edits: [] });
    expect(script.request(requestOf(`/moved?${round}`))).toMatchObject({
      target: `/new?${round}`,
      edits: [],
    });
    expect(script.request(requestOf('/moved', { head }))).toMatchObject({ target: '/new', edits });
  }
});

test('the response handler changes status and headers, and sees the request', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({
    response(res, req) {
      res.headers.delete('server');
      res.headers.set('x-path', req.path + ' ' + res.headers.getSetCookie().length);
      if (res.status === 500) res.status = 503;
    },
  });`,
    UNHURRIED,
  );
  expect(script.handles).toEqual({
    connect: false,
    request: false,
    response: true,
    log: false,
    pick: false,
    certificate: false,
  });
  expect(script.response(500, 'Server: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2', requestOf('/p'))).toEqual({
    status: 503,
    edits: [
      { op: 'delete', name: 'server' },
      { op: 'set', name: 'x-path', value: '/p 2' },
    ],
  });
});

test('log and pick return what they say', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({
    log(entry) { return entry.status === 200 ? false : entry.status === 404 ? { extra: 'yes', n: 1 } : true; },
    pick(candidates, req) { return req.path === '/index' ? 1 : req.path === '/none' ? undefined : candidates.find((one) => one.inFlight === 0); },
  });`,
    UNHURRIED,
  );
  expect([200, 404, 500].map((status) => script.log(JSON.stringify({ status })))).toEqual([
    false,
    { extra: 'yes', n: 1 },
    true,
  ]);
  const candidates = [3, 2, 0].map((inFlight, index) => ({
    address: `10.0.0.${index}:80`,
    weight: 1,
    health: 'up' as const,
    inFlight,
    requests: 0,
    errors: 0,
    latency: null,
  }));
  expect(['/index', '/none', '/'].map((target) => script.pick(candidates, requestOf(target)))).toEqual([
    1, -1, 2,
  ]);
});

test('an address list, a CIDR and the mapped form of an address', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request(req) { return req.client.in('office') ? forward('office') : req.client.in('10.0.0.0/8', '2001:db8::/32') ? forward('net') : deny(); } });`,
    UNHURRIED,
    { office: ['192.0.2.0/24', '2001:db8:1::7'] },
  );
  const from = (clientAddress: string): unknown => script.request(requestOf('/', { clientAddress }));
  for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '2001:db8:1::7'])
    expect(from(address)).toMatchObject({ upstream: 'office' });
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:2::1'])
    expect(from(address)).toMatchObject({ upstream: 'net' });
  for (const address of ['11.0.0.1', '::1', '']) expect(from(address)).toMatchObject({ kind: 'deny' });
});
