import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';
import type { Storage } from '../../../certs/storage.ts';
import { startAcmeFront } from '../../support/acme-front.ts';
import { copyOf, notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

const orderFile = 'orders/one.test/ecdsa-p256.json';

test('a certificate that a process could not store any more is picked up again', async () => {
  const pebble = await startPebble();
  const { issuer, again } = await testIssuer(pebble);
  const first = await issuer.obtain(requestFor(['one.test']), notAborted);
  const second = await again().obtain(requestFor(['one.test']), notAborted);
  expect(second).toEqual(first);
  expect(ordersMade(pebble.log())).toBe(1);
});

test('a certificate that is to be replaced is not picked up again', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble);
  const first = await issuer.obtain(requestFor(['one.test']), notAborted);
  const second = await issuer.obtain(requestFor(['one.test'], { replaces: first.cert }), notAborted);
  expect(serial(second.cert)).not.toBe(serial(first.cert));
  expect(second.key).not.toBe(first.key);
});

test('a revoked certificate does not come back', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble);
  const first = await issuer.obtain(requestFor(['one.test']), notAborted);
  await issuer.revoke(first.cert, null, 4, notAborted);
  const second = await issuer.obtain(requestFor(['one.test']), notAborted);
  expect(serial(second.cert)).not.toBe(serial(first.cert));
});

test.each(['another name', 'unreadable', 'unknown to the CA', 'of another account'])(
  'an order that is %s is left behind',
  async (what) => {
    const pebble = await startPebble();
    const { issuer, storage } = await testIssuer(pebble);
    const first = await issuer.obtain(requestFor(['one.test']), notAborted);
    const text = String(await storage.load(orderFile));
    if (what === 'another name') await storage.store(orderFile, text.replace('one.test', 'other.test'));
    if (what === 'unreadable') await storage.store(orderFile, text.slice(0, 100));
    if (what === 'unknown to the CA')
      await storage.store(orderFile, text.replace(/my-order\/[^"]+/, 'my-order/none'));
    if (what === 'of another account')
      await storage.store(orderFile, text.replace(/my-account\/[^"]+/, 'my-account/none'));
    const second = await issuer.obtain(requestFor(['one.test']), notAborted);
    expect(serial(second.cert)).not.toBe(serial(first.cert));
    expect(ordersMade(pebble.log())).toBe(2);
  },
);

test('after every write of an order or account a crash costs nothing', async () => {
  const pebble = await startPebble({ reusedAuthorizations: 100 });
  const { issuer, storage, again } = await testIssuer(pebble);
  const states: Storage[] = [];
  const store = storage.store.bind(storage);
  storage.store = async (key, value) => {
    await store(key, value);
    states.push(await copyOf(storage));
  };
  await issuer.obtain(requestFor(['one.test']), notAborted);
  const { url } = await issuer.account.status();
  expect(states.length).toBe(3);
  for (const state of states) {
    const restarted = again({}, state);
    await restarted.obtain(requestFor(['one.test']), notAborted);
    expect((await restarted.account.status()).url).toBe(url);
  }
  // The last one had the order; the other two could only begin anew.
  expect(ordersMade(pebble.log())).toBe(3);
});

test('an order that the CA takes its time for is looked at until it is done, also by the next process', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer, again } = await testIssuer({ ...pebble, directory: front.directory });
  const stop = new AbortController();
  let looks = 0;
  front.change = ({ path }, body) => {
    const order: unknown = /^\/(my-order|finalize-order)\//.test(path) ? JSON.parse(body) : null;
    if (typeof order !== 'object' || order === null || !('status' in order) || order.status !== 'valid')
      return body;
    // What was finalized may still be said to be ready.
    if (++looks === 2) stop.abort();
    return looks > 4 ? body : JSON.stringify({ ...order, status: looks === 1 ? 'ready' : 'processing' });
  };
  await expect(issuer.obtain(requestFor(['one.test']), stop.signal)).rejects.toMatchObject({
    kind: 'aborted',
  });
  await again().obtain(requestFor(['one.test']), notAborted);
  expect(looks).toBe(5);
  expect(ordersMade(pebble.log())).toBe(1);
  expect(pebble.log().match(/POST \/finalize-order/g)).toHaveLength(1);
});

function serial(cert: string): string {
  return new X509Certificate(cert).serialNumber;
}

function ordersMade(log: string): number {
  return log.match(/Added order/g)?.length ?? 0;
}
