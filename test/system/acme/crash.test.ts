import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPebble, type Pebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';
import { issuedSerial, presented, runAgain, runProxy } from './proxy.ts';

/** What the CA logs when an order has come so far. */
test.each([
  ['the account', 'POST /sign-me-up'],
  ['the order', 'POST /order-plz'],
  ['the authorization', 'POST /authZ/'],
  ['the challenge', 'POST /chalZ/'],
  ['the validation', 'set VALID'],
  ['the finalization', 'POST /finalize-order/'],
  ['the issuance', 'Issued certificate'],
  ['the download', 'POST /certZ/'],
])(
  'a kill -9 at %s: the next start ends it, with the same account and no second certificate',
  async (_, mark) => {
    const pebble = await startPebble();
    const before = await runProxy(pebble);
    await reached(pebble, mark);
    before.kill('SIGKILL');
    const proxy = await runAgain(before);
    const serial = await issuedSerial(pebble.tlsPort);
    expect(pebble.log()).not.toContain('There are now 2 accounts');
    // The order was stored before the CA could issue anything for it.
    expect(pebble.log().match(/Issued certificate/g)).toHaveLength(1);
    const file = join(proxy.folder, 'certificates-data/certificates/example.test/ecdsa-p256.pem');
    expect(await readFile(file, 'latin1')).toContain('BEGIN CERTIFICATE');
    expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect((await presented(pebble.tlsPort, 'example.test')).serial).toBe(serial);
  },
);

async function reached(pebble: Pebble, mark: string): Promise<void> {
  await poll(() => pebble.log().includes(mark), 30_000);
}

test('a CA that is down: a placeholder serves, the log says why, and other terms are tried at once', async () => {
  const pebble = await startPebble();
  const { port, httpPort, tlsPort } = pebble;
  await pebble.kill();
  const proxy = await runProxy(pebble);
  const failure = await proxy.line('no certificate could be obtained');
  expect(failure).toMatchObject({ names: ['example.test'], failures: 1 });
  expect((await presented(tlsPort, 'example.test')).issuer).toBe('Tidegate placeholder');
  await startPebble({ port, httpPort, tlsPort });
  const config = await readFile(proxy.configFile, 'utf8');
  await proxy.write(
    'tidegate.config.json',
    config.replace('"domains"', '"email":"a@example.test","domains"'),
  );
  await issuedSerial(tlsPort);
});

test('a shutdown in the middle of an order, and a start that goes on with it', async () => {
  const pebble = await startPebble({ slowValidation: 2 });
  const before = await runProxy(pebble);
  await reached(pebble, 'POST /chalZ/');
  before.kill('SIGTERM');
  expect((await before.exited).code).toBe(0);
  expect(before.lines.filter(({ level }) => level === 'error')).toEqual([]);
  const proxy = await runAgain(before);
  await issuedSerial(pebble.tlsPort);
  expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
  expect(pebble.log()).not.toContain('There are now 2 accounts');
});
