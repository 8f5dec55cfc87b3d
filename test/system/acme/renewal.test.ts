import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startPebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';
import { issuedSerial, ordersAt, presented, runProxy } from './proxy.ts';

/** Handshakes without a pause, so many at a time, until `isOver`. */
async function handshakes(
  port: number,
  atATime: number,
  isOver: () => boolean,
): Promise<{ readonly at: number; readonly serial: string }[]> {
  const seen: { at: number; serial: string }[] = [];
  const shake = async (): Promise<void> => {
    while (!isOver()) {
      const { serial } = await presented(port, 'example.test');
      seen.push({ at: performance.now(), serial });
    }
  };
  await Promise.all(Array.from({ length: atATime }, shake));
  return seen;
}

test('a renewal with traffic: no handshake fails, and a second later every worker has the new one', async () => {
  const pebble = await startPebble({ validitySeconds: 45 });
  const proxy = await runProxy(pebble);
  const first = await issuedSerial(pebble.tlsPort);
  let renewedAt = Number.POSITIVE_INFINITY;
  void proxy
    .line('certificate obtained', ({ serial }) => String(serial).toLowerCase() !== first.toLowerCase())
    .then(() => (renewedAt = performance.now()));
  const seen = await handshakes(pebble.tlsPort, 16, () => performance.now() > renewedAt + 2000);
  const serials = [...new Set(seen.map(({ serial }) => serial))];
  expect(serials).toHaveLength(2);
  expect(serials[0]).toBe(first);
  const late = seen.filter(({ at, serial }) => at > renewedAt + 1000 && serial === first);
  expect(late).toEqual([]);
  expect(seen.length).toBeGreaterThan(500);
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
