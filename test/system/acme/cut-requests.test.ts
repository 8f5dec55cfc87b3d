import { expect, test } from 'vitest';
import { startAcmeFront } from '../../support/acme-front.ts';
import { copyOf, notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test.each(['cut', 'cut-after'] as const)(
  'wherever an order ends (%s), the next process ends it, with one account and no needless order',
  async (how) => {
    const pebble = await startPebble();
    const front = await startAcmeFront(pebble);
    const { storage: nothing, again } = await testIssuer({ ...pebble, directory: front.directory });
    let lostOrders = 0;
    for (let at = 1; ; at++) {
      const storage = await copyOf(nothing);
      const name = `name-${at}.test`;
      const before = { accounts: made(pebble.log(), 'accounts'), orders: made(pebble.log(), 'orders') };
      const first = front.requests.length;
      front.intervene = ({ number }) => (number === first + at ? how : null);
      const outcome = await again({}, storage)
        .obtain(requestFor([name]), notAborted)
        .catch((error: unknown) => error);
      const cutRequest = front.requests[first + at - 1];
      if (cutRequest === undefined) {
        // It needed fewer requests than that.
        expect(at).toBeGreaterThan(10);
        break;
      }
      expect(outcome).toMatchObject({ kind: 'unreachable' });
      await again({}, storage).obtain(requestFor([name]), notAborted);
      const orders = made(pebble.log(), 'orders') - before.orders;
      // Only an order whose URL never arrived cannot be found again.
      const isLost = how === 'cut-after' && cutRequest.path.startsWith('/order-plz');
      // One that was validated when nobody answered any more is over.
      const isOver = /^\/(chal|auth)Z\//.test(cutRequest.path) && orders === 2;
      expect({ path: cutRequest.path, orders }).toEqual({
        path: cutRequest.path,
        orders: isLost || isOver ? 2 : 1,
      });
      if (isLost) lostOrders++;
      expect(made(pebble.log(), 'accounts') - before.accounts).toBe(1);
    }
    expect(lostOrders).toBe(how === 'cut' ? 0 : 1);
  },
);

/** Pebble logs how many it has. */
function made(log: string, what: 'accounts' | 'orders'): number {
  const counts = [...log.matchAll(new RegExp(`There are now (\\d+) ${what}`, 'g'))];
  return Math.max(0, ...counts.map(([, count]) => Number(count)));
}
