import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { MAX_HELLO_BYTES, readClientHello } from '../../../core/shared/client-hello.ts';
import { clientHello, inRecordsOf } from '../../support/client-hello.ts';

const RSA_WITH_AES_128_GCM = 0xc02f;
const ECDSA_WITH_AES_256_GCM = 0xc02c;

test('cipher suites and versions', async () => {
  const ciphers = 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384';
  const old = readClientHello(await clientHello({ ciphers, maxVersion: 'TLSv1.2' }));
  expect(old).toMatchObject({ offersTls13: false });
  expect(old).toHaveProperty(
    'suites',
    expect.arrayContaining([RSA_WITH_AES_128_GCM, ECDSA_WITH_AES_256_GCM]),
  );
  expect(readClientHello(await clientHello())).toMatchObject({ offersTls13: true });
});

test('the name that is asked for, and the protocols that are offered', async () => {
  expect(readClientHello(await clientHello())).toMatchObject({ serverName: 'one.test', protocols: [] });
  const ALPNProtocols = ['acme-tls/1', 'h2'];
  expect(readClientHello(await clientHello({ servername: 'Any.Test', ALPNProtocols }))).toMatchObject({
    serverName: 'Any.Test',
    protocols: ALPNProtocols,
  });
  expect(readClientHello(await clientHello({ servername: '', maxVersion: 'TLSv1.2' }))).toMatchObject({
    serverName: '',
  });
});

test('wherever it is split, it says how much is missing at least', async () => {
  for (const hello of [await clientHello(), inRecordsOf(200, await clientHello())]) {
    for (let bytes = 0; bytes < hello.length; bytes += 1) {
      const needed = readClientHello(hello.subarray(0, bytes));
      if (typeof needed !== 'number') throw new Error(`after ${bytes} bytes: ${JSON.stringify(needed)}`);
      expect(needed).toBeGreaterThan(bytes);
      expect(needed).toBeLessThanOrEqual(hello.length);
    }
    expect(readClientHello(hello)).toMatchObject({ offersTls13: true });
    expect(readClientHello(Buffer.concat([hello, randomBytes(50)]))).toEqual(readClientHello(hello));
  }
});

test('what is no hello, or too long a one, is not waited for', async () => {
  expect(readClientHello(Buffer.from('G'))).toBeNull();
  // An alert, and another handshake message.
  expect(readClientHello(Buffer.from([21]))).toBeNull();
  expect(readClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]))).toBeNull();
  const hello = await clientHello();
  expect(readClientHello(inRecordsOf(20, hello))).toBeNull();
  const endless = Buffer.alloc(MAX_HELLO_BYTES, 0xff);
  endless.set([22, 3, 1, 0x3f, 0xff, 1, 0xff, 0xff, 0xff]);
  endless.set([22, 3, 1, 0x3f, 0xff], 0x3fff + 5);
  expect(readClientHello(endless)).toBeNull();
});

test('lengths that lie are found, wherever they are', async () => {
  const hello = await clientHello();
  for (let at = 9; at < hello.length; at += 1) {
    const changed = Buffer.from(hello);
    changed[at] = 0xff;
    const read = readClientHello(changed);
    expect(read === null || typeof read === 'object').toBe(true);
  }
  for (let bytes = 9; bytes < hello.length; bytes += 1) {
    const cut = Buffer.from(hello.subarray(0, bytes));
    cut.writeUInt16BE(bytes - 5, 3);
    cut.writeUIntBE(bytes - 9, 6, 3);
    const read = readClientHello(cut);
    expect(read === null || typeof read === 'object').toBe(true);
  }
});
