import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAcmeFront } from '../../support/acme-front.ts';
import { onDiskOf, withOwnDisk } from '../../support/own-disk.ts';
import { startPebble } from '../../support/pebble.ts';
import type { TidegateProcess } from '../../support/tidegate-process.ts';
import { accountsAt, issuedSerial, ordersAt, presented, renewedSerial, runAgain, runProxy } from './proxy.ts';

const FAILS =
  'the storage of certificates fails: what is served goes on, and nothing is obtained until it is well';
const within = withOwnDisk('{folder}/certificates-data');

function storageOf({ folder }: TidegateProcess): string {
  return join(folder, 'certificates-data');
}

function renew(proxy: TidegateProcess) {
  return proxy.command('certs', 'renew', 'example.test', '--force');
}

test('a disk that is full in the middle of an order costs no second order, and no account', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  let fill = (): void => undefined;
  front.intervene = ({ path }) => {
    if (path.startsWith('/finalize-order/')) fill();
    return null;
  };
  const proxy = await runProxy(pebble, { within, acme: { directory: front.directory } });
  const filler = join(storageOf(proxy), '.filler');
  fill = () => {
    try {
      onDiskOf(proxy.pid, 'dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k');
    } catch {
      // It ends when there is no more room.
    }
  };
  const { problem } = await proxy.line(FAILS);
  expect(problem).toContain('no space left on the device (make room there)');
  expect((await presented(pebble.tlsPort, 'example.test')).issuer).toBe('Tidegate placeholder');
  const asked = front.requests.length;
  expect(await renew(proxy)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('no space left on the device'),
  });
  // Nobody asks a CA for what could not be kept.
  expect(front.requests).toHaveLength(asked);
  fill = () => undefined;
  onDiskOf(proxy.pid, 'rm', filler);
  expect(await renew(proxy)).toMatchObject({ status: 0 });
  await proxy.line('the storage of certificates can be written again');
  await issuedSerial(pebble.tlsPort);
  expect({ orders: ordersAt(pebble), accounts: accountsAt(pebble) }).toEqual({ orders: 1, accounts: 1 });
  const told = proxy.lines.filter(({ level }) => level === 'error');
  expect(told).toHaveLength(1);
  const modes = onDiskOf(proxy.pid, 'find', storageOf(proxy), '-printf', '%y %m\n').trim().split('\n');
  expect(new Set(modes)).toEqual(new Set(['d 700', 'f 600']));
});

test('a storage that can only be read goes on being served, and is renewed when it can be written', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble, { within });
  const serial = await issuedSerial(pebble.tlsPort);
  const remount = (how: string): unknown =>
    onDiskOf(proxy.pid, 'mount', '-o', `remount,${how}`, storageOf(proxy));
  remount('ro');
  expect(await renew(proxy)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('the file system is read-only'),
  });
  expect((await presented(pebble.tlsPort, 'example.test')).serial).toBe(serial);
  expect(ordersAt(pebble)).toBe(1);
  remount('rw');
  expect(await renew(proxy)).toMatchObject({ status: 0 });
  await renewedSerial(pebble.tlsPort, serial);
  expect({ orders: ordersAt(pebble), accounts: accountsAt(pebble) }).toEqual({ orders: 2, accounts: 1 });
});

test('a storage that is removed while it runs comes back with its account, and the next start finds both', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble);
  const serial = await issuedSerial(pebble.tlsPort);
  await rm(storageOf(proxy), { recursive: true, force: true });
  expect((await presented(pebble.tlsPort, 'example.test')).serial).toBe(serial);
  expect(await renew(proxy)).toMatchObject({ status: 0 });
  await proxy.line('our account was gone from the storage, and was stored again');
  const renewed = await renewedSerial(pebble.tlsPort, serial);
  proxy.kill('SIGTERM');
  const again = await runAgain(proxy);
  expect((await presented(pebble.tlsPort, 'example.test')).serial).toBe(renewed);
  expect(await renew(again)).toMatchObject({ status: 0 });
  expect({ orders: ordersAt(pebble), accounts: accountsAt(pebble) }).toEqual({ orders: 3, accounts: 1 });
});
