import { expect, test } from 'vitest';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('a CA that refuses two of three good nonces issues all the same', async () => {
  const pebble = await startPebble({ rejectedNonces: 66 });
  const { issuer } = await testIssuer(pebble);
  const { cert, key } = await issuer.obtain(requestFor(['one.test', 'two.test']), notAborted);
  await issuer.revoke(cert, key, 0, notAborted);
  // One request each would be seven.
  const requests = pebble
    .log()
    .match(/POST \/(sign-me-up|order-plz|chalZ\/|finalize-order\/|certZ\/|revoke-cert)/g);
  expect(requests?.length).toBeGreaterThan(7);
});
