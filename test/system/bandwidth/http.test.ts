import { expect, test } from 'vitest';
import { startProxy } from '../../integration/http1/setup.ts';
import { download, expectFairShares, expectRate, startBackend, upload } from './setup.ts';

async function limited(bandwidth: string | Readonly<Record<string, string>>): Promise<number> {
  const { port } = await startProxy({ backendPort: await startBackend(), listener: { bandwidth } });
  return port;
}

test('an answer comes no faster than the listener allows, and no slower', async () => {
  expectRate(await download(await limited('2MiB/s')));
});

test('nor does the body of a request', async () => {
  expectRate(await upload(await limited('2MiB/s')));
});

test('two connections get the same', async () => {
  const port = await limited('2MiB/s');
  const times = await Promise.all([download(port), download(port)]);
  expectFairShares(times, 2);
});

test('so do two that send', async () => {
  const port = await limited('2MiB/s');
  const times = await Promise.all([upload(port), upload(port)]);
  expectFairShares(times, 2);
});

test('each direction has a rate of its own', async () => {
  const port = await limited('2MiB/s');
  const [down, up] = await Promise.all([download(port), upload(port)]);
  expectRate(down);
  expectRate(up);
});

test('a rate of each connection leaves the others alone', async () => {
  const port = await limited({ connection: '2MiB/s' });
  const times = await Promise.all([download(port), download(port), upload(port)]);
  for (const ms of times) expectRate(ms);
});

test('without one, nothing is held up', async () => {
  const { port } = await startProxy({ backendPort: await startBackend() });
  expect(await download(port)).toBeLessThan(500);
});
