import { expect, test } from 'vitest';
import { connectRaw } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

/** What a redirect to https leads to, or the status where there is none. */
async function locationOf(target: string, host: string, ...lines: readonly string[]): Promise<string> {
  const proxy = await startProxy({ listener: { redirectToHttps: true } });
  const request = [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...lines, '', ''].join('\r\n');
  const answer = await (await connectRaw(proxy.port)).request(request);
  return answer.header('location') ?? String(answer.status);
}

test.each(['//evil.test/', '//evil.test', '/\\evil.test', '///evil.test', '/@evil.test', '/:80@evil.test'])(
  'the target %s stays a path of the same host',
  async (target) => {
    const location = await locationOf(target, 'example.test');
    expect(location === '400' || new URL(location).host === 'example.test').toBe(true);
  },
);

test.each([
  'example.test%40evil.test',
  'example.test%2f',
  "a'b",
  'a;b',
  'a&b=c',
  'example.test@evil.test',
  'example.test/evil.test',
  'example.test\\evil.test',
  '[::1',
  '[::1].evil.test',
  ':80',
])('the Host %s leads nowhere', async (host) => {
  expect(await locationOf('/', host)).toBe('400');
});

test('X-Forwarded-Host and X-Forwarded-Proto of just anybody do not matter', async () => {
  const spoofed = ['X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https'];
  expect(await locationOf('/', 'example.test', ...spoofed)).toBe('https://example.test/');
});
