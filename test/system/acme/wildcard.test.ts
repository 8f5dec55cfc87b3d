import { expect, test } from 'vitest';
import { knotKey, startKnot } from '../../support/knot.ts';
import { startPebble } from '../../support/pebble.ts';
import { issuedSerial, ordersAt, runProxy } from './proxy.ts';

test('a wildcard by updates of its zone serves each name one label below, and itself', async () => {
  const knot = await startKnot(['example.test']);
  const pebble = await startPebble({ dnsServer: `127.0.0.1:${knot.port}` });
  const proxy = await runProxy(pebble, {
    acme: {
      domains: [['*.example.test', 'example.test']],
      dns: {
        type: 'update',
        server: `127.0.0.1:${knot.port}`,
        tsig: { name: knotKey.name, secret: { file: './tsig' } },
      },
      challenges: ['dns-01'],
    },
    files: { tsig: `${knotKey.secret}\n` },
  });
  const serial = await issuedSerial(pebble.tlsPort, 'www.example.test');
  expect(await issuedSerial(pebble.tlsPort, 'example.test')).toBe(serial);
  expect(ordersAt(pebble)).toBe(1);
  expect(await knot.txt('_acme-challenge.example.test')).toEqual([]);
  expect(JSON.stringify(proxy.lines)).not.toContain(knotKey.secret);
});
