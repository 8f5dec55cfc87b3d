import { expect, test } from 'vitest';
import { startPebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';
import { issuedSerial, ordersAt, presented, runProxy } from './proxy.ts';

test('50 new names with 20 handshakes each at a time: 50 orders, and each handshake has its certificate', async () => {
  const pebble = await startPebble();
  await runProxy(pebble, {
    acme: { domains: [] },
    certificates: { onDemand: { ask: ['*.shop.test'] } },
    https: { tls: { handshakeTimeout: '60s', maxHandshakes: 2000 } },
  });
  const names = Array.from({ length: 50 }, (_, at) => `n${at}.shop.test`);
  const serials = await Promise.all(
    names.map(async (name) => {
      const all = await Promise.all(Array.from({ length: 20 }, () => presented(pebble.tlsPort, name)));
      expect(all.every(({ issuer }) => issuer.startsWith('Pebble'))).toBe(true);
      return new Set(all.map(({ serial }) => serial));
    }),
  );
  expect(serials.every(({ size }) => size === 1)).toBe(true);
  expect(new Set(serials.flatMap((each) => [...each])).size).toBe(50);
  expect(ordersAt(pebble)).toBe(50);
});

test('a name that is not allowed gets no certificate, and the CA is not asked', async () => {
  const pebble = await startPebble();
  await runProxy(pebble, {
    acme: { domains: [] },
    certificates: { onDemand: { ask: ['a.test'] } },
  });
  await expect(presented(pebble.tlsPort, 'b.test')).rejects.toThrow(/unrecognized name/i);
  await issuedSerial(pebble.tlsPort, 'a.test');
  expect(ordersAt(pebble)).toBe(1);
});

test('the rule script of the listener says which names', async () => {
  const pebble = await startPebble();
  const rules = `import { defineRules } from 'tidegate/rules';
    export default defineRules({ certificate: (name) => name.endsWith('.shop.test') });`;
  await runProxy(pebble, {
    acme: { domains: ['example.test'] },
    certificates: { onDemand: { ask: 'rule' } },
    https: { rules: './rules.ts' },
    files: { 'rules.ts': rules },
  });
  const main = await issuedSerial(pebble.tlsPort);
  expect((await presented(pebble.tlsPort, 'other.test')).serial).toBe(main);
  const own = await issuedSerial(pebble.tlsPort, 'a.shop.test');
  expect(own).not.toBe(main);
  await poll(() => ordersAt(pebble) === 2);
});
