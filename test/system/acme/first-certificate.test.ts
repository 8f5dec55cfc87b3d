import { expect, test } from 'vitest';
import { certificateFiles } from '../../support/certificates.ts';
import { startPebble } from '../../support/pebble.ts';
import { issuedSerial, ordersAt, presented, runAgain, runProxy, statusOverHttp2 } from './proxy.ts';

test('from an empty folder: a self-signed certificate at once, one from the CA over HTTP/2 soon after', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble);
  const first = await presented(pebble.tlsPort, 'example.test');
  expect(first.issuer).toMatch(/^Tidegate placeholder|^Pebble/);
  await issuedSerial(pebble.tlsPort);
  // No route and no upstream: a verified answer is all that counts.
  expect(await statusOverHttp2(pebble.tlsPort, 'example.test', await pebble.root())).toBe(404);
  const obtained = proxy.lines.find(({ msg }) => msg === 'certificate obtained');
  expect(obtained).toMatchObject({
    names: ['example.test'],
    keyType: 'ecdsa-p256',
    issuer: pebble.directory,
  });
  expect(ordersAt(pebble)).toBe(1);
  const status = await proxy.command('status');
  expect(status.stdout).toMatch(
    /^example\.test +managed +ecdsa-p256 +https:\S+ +fine +in \d+d +in \d+d +-$/m,
  );
});

test('over TLS-ALPN-01 alone, where there is no plain listener', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble, { http: null });
  await issuedSerial(pebble.tlsPort);
  expect(await statusOverHttp2(pebble.tlsPort, 'example.test', await pebble.root())).toBe(404);
  expect(pebble.log()).not.toContain('Attempting to validate w/ HTTP');
  expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a proxy that starts again serves what it has, and orders nothing', async () => {
  const pebble = await startPebble();
  const before = await runProxy(pebble, { acme: { domains: [['example.test', 'www.example.test']] } });
  const serial = await issuedSerial(pebble.tlsPort, 'www.example.test');
  before.kill('SIGTERM');
  const proxy = await runAgain(before);
  // The first handshake has it.
  expect((await presented(pebble.tlsPort, 'example.test')).serial).toBe(serial);
  expect(proxy.lines.some(({ msg }) => msg === 'certificate obtained')).toBe(false);
  expect(ordersAt(pebble)).toBe(1);
});

test('files, obtained certificates and self-signed ones side by side', async () => {
  const pebble = await startPebble();
  await runProxy(pebble, {
    https: { tls: { certificates: [certificateFiles('one')] } },
    certificates: { selfSigned: ['dev.test'] },
  });
  await issuedSerial(pebble.tlsPort);
  expect((await presented(pebble.tlsPort, 'dev.test')).issuer).toMatch(/^Tidegate local root/);
  const file = await presented(pebble.tlsPort, 'one.test');
  expect(file.issuer).toBe('Tidegate test authority');
  // Files come first, for unknown names too.
  expect(await presented(pebble.tlsPort, 'unknown.test')).toEqual(file);
});
