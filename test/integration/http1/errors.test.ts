import { expect, test } from 'vitest';
import { unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

test.each([
  [[], 'html'],
  [['Accept: */*'], 'html'],
  [['Accept: text/html,application/xhtml+xml,*/*;q=0.8'], 'html'],
  [['Accept: application/json'], 'json'],
  [['Accept: application/problem+json, text/html;q=0.5'], 'json'],
  [['Accept: text/html, application/json;q=0.9'], 'html'],
  [['Accept: application/json;q=0'], 'html'],
])('an error in the kind that the client accepts: %j → %s', async (lines, kind) => {
  const proxy = await startProxy({ listener: { upstream: undefined } });
  const answer = await (await connectRaw(proxy.port)).request(get('/', ...lines));
  const { requestId } = await entry(proxy);
  expect(answer.status).toBe(404);
  if (kind === 'json') {
    expect(answer.header('content-type')).toBe('application/json');
    expect(JSON.parse(answer.body)).toEqual({ status: 404, error: 'Not Found', requestId });
  } else {
    expect(answer.header('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.body).toContain('404 Not Found');
    expect(answer.body).toContain(requestId);
  }
});

test('own pages: the very status first, then its class, then the default', async () => {
  const proxy = await startProxy({
    listener: {
      routes: [{ path: '/dead', upstream: 'site' }],
      upstream: undefined,
      errorPages: {
        404: { html: './404.html', json: './404.json' },
        '5xx': './5xx.html',
        default: './default.html',
      },
    },
    backendPort: await unusedPort(),
    files: new Map([
      ['/404.html', 'nothing here: {status} {reason} {requestId}'],
      ['/404.json', '{"none":{status}}'],
      ['/5xx.html', 'broken: {status}'],
      ['/default.html', 'refused: {status}'],
    ]),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toMatch(/^nothing here: 404 Not Found [0-9a-f-]{36}$/);
  expect((await client.request(get('/', 'Accept: application/json'))).body).toBe('{"none":404}');
  expect((await client.request(get('/dead'))).body).toBe('broken: 502');
  expect((await client.request('TRACE / HTTP/1.1\r\nHost: a\r\n\r\n')).body).toBe('refused: 405');
});

test.each(['CONNECT example.test:443', 'TRACE /'])(
  '%s is not for a reverse proxy: 405 with Allow',
  async (line) => {
    const proxy = await startProxy({ backendPort: 9 });
    const answer = await (
      await connectRaw(proxy.port)
    ).request(`${line} HTTP/1.1\r\nHost: example.test:443\r\n\r\n`);
    expect(answer.status).toBe(405);
    expect(answer.header('allow')).toContain('GET');
  },
);

test('no error tells a client what the backend is', async () => {
  const port = await unusedPort();
  const proxy = await startProxy({ backendPort: port });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect(answer.head + answer.body).not.toContain(String(port));
});
