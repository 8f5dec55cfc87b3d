import { createServer } from 'node:http';

import { expect, test } from 'vitest';
import { startAcmeFront } from '../../support/acme-front.ts';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { listenForTest } from '../../support/listen.ts';
import { startPebble } from '../../support/pebble.ts';

test('a challenge that our own look finds wrong is passed over, and the CA is not asked', async () => {
  const pebble = await startPebble();
  const { issuer, asked } = await testIssuer(pebble, {
    spoil: (challenges) => ({ ...challenges, http: {} }),
  });
  await issuer.obtain(requestFor(['one.test'], { challenges: ['http-01', 'tls-alpn-01'] }), notAborted);
  expect(asked.http).toBe(0);
  expect(ordersMade(pebble.log())).toBe(1);
});

test('a challenge that the CA finds wrong is followed by another one, in another order', async () => {
  const pebble = await startPebble();
  // The CA looks elsewhere than we do.
  const elsewhere = createServer((_, outgoing) => outgoing.writeHead(404).end('nothing here'));
  const port = await listenForTest(elsewhere, () => elsewhere.closeAllConnections());
  const blind = await startPebble({ httpPort: port });
  const { issuer, lines } = await testIssuer({ ...blind, httpPort: pebble.httpPort });
  await issuer.obtain(requestFor(['one.test'], { challenges: ['http-01', 'tls-alpn-01'] }), notAborted);
  expect(ordersMade(blind.log())).toBe(2);
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);

  await expect(issuer.obtain(requestFor(['two.test']), notAborted)).rejects.toMatchObject({
    kind: 'challenge',
  });
  expect(ordersMade(blind.log())).toBe(3);
  expect(secretsIn(JSON.stringify(lines), blind.log())).toEqual([]);
});

test('a wildcard without DNS says what it wants', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble);
  await expect(
    issuer.obtain(requestFor(['*.one.test'], { challenges: ['http-01', 'tls-alpn-01'] }), notAborted),
  ).rejects.toThrow('a wildcard needs dns-01');
});

test('given up in the middle, the next call goes on with the same order', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer, again } = await testIssuer({ ...pebble, directory: front.directory });
  const stop = new AbortController();
  front.intervene = ({ path }) => {
    if (stop.signal.aborted || !path.startsWith('/chalZ/')) return null;
    stop.abort();
    return 'cut';
  };
  await expect(issuer.obtain(requestFor(['one.test']), stop.signal)).rejects.toMatchObject({
    kind: 'aborted',
  });
  await again().obtain(requestFor(['one.test']), notAborted);
  expect(ordersMade(pebble.log())).toBe(1);
});

function ordersMade(log: string): number {
  return log.match(/Added order/g)?.length ?? 0;
}

/** Tokens that Pebble has validated with and that are in the text. */
function secretsIn(text: string, log: string): string[] {
  const tokens = [...log.matchAll(/acme-challenge\/([\w-]+)/g)].map(([, token = '']) => token);
  expect(tokens.length).toBeGreaterThan(0);
  return tokens.filter((token) => text.includes(token));
}
