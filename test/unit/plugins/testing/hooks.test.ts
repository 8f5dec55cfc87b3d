import { expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin, redirectTo } from '../../../../plugins/api.ts';
import type { PluginHooks } from '../../../../plugins/api.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const of = (hooks: PluginHooks, upstreams?: string[]) =>
  testPlugin(
    definePlugin({ name: 'test', options: z.object({}), create: () => hooks }),
    {},
    upstreams ? { upstreams } : {},
  );

test('hooks are called in their order, each once', async () => {
  const called: string[] = [];
  const note = (name: string) => (): void => {
    called.push(name);
  };
  const bodyNote = (name: string) => () => {
    called.push(name);
    return null;
  };
  await using tested = await of({
    request: async () => {
      await Promise.resolve();
      called.push('request');
    },
    requestBody: bodyNote('requestBody'),
    upstream: note('upstream'),
    response: note('response'),
    responseBody: bodyNote('responseBody'),
    log: note('log'),
  });
  await tested.request({ method: 'POST', body: 'a' }, () => {
    called.push('backend');
    return { body: 'b' };
  });
  const whole = ['request', 'requestBody', 'upstream', 'backend', 'response', 'responseBody', 'log'];
  expect(called).toEqual(whole);
  called.length = 0;
  await tested.request({ method: 'HEAD' }, { body: 'b' });
  expect(called).toEqual(['request', 'upstream', 'response', 'log']);
});

test('the backend sees what the hooks made of the request', async () => {
  await using tested = await of(
    {
      request: ({ request, ...rest }) => {
        expect(request).toMatchObject({ path: '/a', query: 'b=1', host: 'a.example' });
        expect(rest).toMatchObject({});
        request.target = '/c?d';
        request.host = 'B.example:81';
        expect(request).toMatchObject({ path: '/c', query: 'd' });
      },
      upstream: (exchange) => exchange.request.headers.set('x-backend', exchange.backend ?? ''),
    },
    ['api'],
  );
  const { request, upstream } = await tested.request({ url: 'https://a.example/a?b=1' });
  expect(request).toMatchObject({ method: 'GET', target: '/c?d', host: 'b.example:81' });
  expect(request?.headers.get('X-Backend')).toBe('backend.test:80');
  expect(request?.headers.get('host')).toBe('b.example:81');
  expect(upstream).toBe('api');
});

test.each(['c', 'http://x/', '/a b', '/a#b', '/%zz', '/a/../b', '/a\r\nX: y'])(
  'a target that no proxy can send is refused: %j',
  async (target) => {
    await using tested = await of({
      request: ({ request }) => {
        request.target = target;
      },
    });
    await expect(tested.request()).rejects.toThrow(TypeError);
  },
);

test.each([
  ['content-length', '1'],
  ['Transfer-Encoding', 'chunked'],
  ['content_length', '1'],
  ['host', 'x'],
  ['x y', '1'],
  ['x', 'a\r\nb: c'],
  ['x', 'ā'],
])('a field that no plugin may write is refused: %s', async (name, value) => {
  await using tested = await of({ request: ({ request }) => request.headers.set(name, value) });
  await expect(tested.request()).rejects.toThrow(TypeError);
});

test('what can no longer be changed, or is not there yet, throws', async () => {
  await using late = await of({
    response: ({ request }) => {
      request.target = '/late';
    },
  });
  await expect(late.request()).rejects.toThrow('the target is set in a `request` hook');
});

test('an answer of the request hook goes to the client and not to a backend', async () => {
  await using tested = await of({
    request: () => redirectTo('/there', 307),
    response: () => expect.unreachable('its own answer does not come back to it'),
  });
  const answer = await tested.request();
  expect(answer).toMatchObject({ status: 307, request: null, upstream: null });
  expect(answer.headers.get('location')).toBe('/there');
});

test('an answer of the response hook takes the place of the backend’s', async () => {
  await using tested = await of({
    response: ({ response }) => {
      if (response.status === 404) return { status: 200, body: 'found' };
      response.status = 201;
      response.headers.delete('server');
      return undefined;
    },
  });
  expect(await tested.request({}, { status: 404, body: 'no' })).toMatchObject({ status: 200, text: 'found' });
  const other = await tested.request({}, { headers: { Server: 'x' }, body: 'yes' });
  expect(other).toMatchObject({ status: 201, text: 'yes' });
  expect([...other.headers]).toEqual([['Content-Length', '3']]);
});

test('place sends it to another upstream, of those that there are', async () => {
  await using tested = await of(
    { request: (exchange) => exchange.place(exchange.request.headers.get('to') ?? '') },
    ['site', 'beta'],
  );
  expect(await tested.request({ headers: { to: 'beta' } })).toMatchObject({ upstream: 'beta' });
  await expect(tested.request({ headers: { to: 'gamma' } })).rejects.toThrow('gamma');
});

test('a hook that throws rejects, and the log hook is still called', async () => {
  const seen: unknown[] = [];
  await using tested = await of({
    response: () => Promise.reject(new Error('broken')),
    log: ({ status, error }) => seen.push({ status, error }),
  });
  await expect(tested.request()).rejects.toThrow('broken');
  expect(seen).toEqual([{ status: 500, error: 'plugin-fault' }]);
});

test('connections and handshakes are denied or not', async () => {
  await using tested = await of({
    connect: ({ address }) => (address === '192.0.2.1' ? 'deny' : undefined),
    tls: ({ serverName }) => (serverName === 'bad.example' ? 'deny' : undefined),
  });
  expect(tested.connect({ address: '192.0.2.1' })).toBe('deny');
  expect(tested.connect()).toBe('accept');
  expect(tested.tls({ serverName: 'BAD.example' })).toBe('deny');
  expect(tested.tls()).toBe('accept');
});

test('log fields come back', async () => {
  await using tested = await of({ request: (exchange) => exchange.setLogField('cohort', 'b') });
  expect((await tested.request()).log).toEqual({ cohort: 'b' });
});
