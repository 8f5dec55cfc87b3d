import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startHandshakes } from '../../support/handshake-load.ts';
import { startPebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';
import { issuedSerial, ordersAt, presented, runProxy } from './proxy.ts';

/** By the CA's clock and ours the renewal comes half a minute after the first certificate. */
const VALIDITY_SECONDS = 45;
const AFTER_MS = 3000;

test('a renewal with traffic: no handshake fails, and a second later every worker has the new one', async () => {
  const pebble = await startPebble({ validitySeconds: VALIDITY_SECONDS });
  const proxy = await runProxy(pebble);
  const first = await issuedSerial(pebble.tlsPort);
  const endHandshakes = startHandshakes(pebble.tlsPort, 'example.test', { clients: 2, atATime: 8 });
  const { time } = await proxy.line(
    'certificate obtained',
    ({ serial }) => String(serial).toLowerCase() !== first.toLowerCase(),
  );
  const renewedAt = Date.parse(String(time));
  await poll(() => Date.now() > renewedAt + AFTER_MS, 10_000);
  const { errors, certificates, perSecond } = await endHandshakes();
  const [old, renewed, ...others] = certificates;
  const lateMs = (old?.lastAt ?? Infinity) - renewedAt;
  // How many a second there are is the machine's business: `npm run bench -- --only renewal` has a bar for it.
  console.log(
    `${perSecond.toFixed(0)} handshakes/s; the last old certificate ${lateMs} ms after the renewal`,
  );
  expect(errors).toEqual({});
  expect(others).toEqual([]);
  expect(lateMs).toBeLessThan(1000);
  expect(old?.count).toBeGreaterThan(200);
  expect(renewed?.count).toBeGreaterThan(50);
  expect(ordersAt(pebble)).toBe(2);
});

test('two proxies with one storage that start together: one order, and both serve it', async () => {
  const pebble = await startPebble();
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-storage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const certificates = { storage: join(folder, 'certificates') };
  const [, other] = await Promise.all([
    runProxy(pebble, { certificates }),
    // The CA can not validate over this one.
    runProxy(pebble, { certificates, http: null, https: { address: '127.0.0.1:0' } }),
  ]);
  const port = Number(new URL(await other.url('secure')).port);
  const serial = await issuedSerial(pebble.tlsPort);
  await poll(async () => (await presented(port, 'example.test')).serial === serial, 45_000);
  expect(pebble.log().match(/Issued certificate/g)).toHaveLength(1);
});
