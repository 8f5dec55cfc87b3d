import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openLocalRoot } from '../../../certs/self-signed.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { runToEnd, tidegateCli } from '../../support/run-to-end.ts';
import { runTidegate, type TidegateProcess, type TidegateOptions } from '../../support/tidegate-process.ts';

/** Nothing listens there: every order fails. */
const CA = 'https://127.0.0.1:1/directory';

async function options(adminPort?: number): Promise<TidegateOptions> {
  const { root } = await openLocalRoot(new MemoryStorage(), Date.now(), AbortSignal.timeout(10_000));
  const { cert, key } = await root.issue(['shop.test'], 'ecdsa-p256', Date.now());
  const config = {
    workers: 1,
    ...(adminPort === undefined ? {} : { admin: { address: `127.0.0.1:${adminPort}` } }),
    listeners: [{ name: 'secure', protocol: 'https', address: '127.0.0.1:0' }],
    certificates: { selfSigned: ['dev.test'], acme: { directory: CA, domains: ['one.test'] } },
  };
  return {
    workers: 'fake',
    config: 'tidegate.config.json',
    files: { 'tidegate.config.json': JSON.stringify(config), 'shop.crt': cert, 'shop.key': key },
  };
}

/** The object goes on to run commands for its folder. */
async function end(tidegate: TidegateProcess): Promise<void> {
  tidegate.kill('SIGTERM');
  await tidegate.exited;
}

function importShop(tidegate: TidegateProcess) {
  const [cert, key] = [join(tidegate.folder, 'shop.crt'), join(tidegate.folder, 'shop.key')];
  return tidegate.command('certs', 'import', '--cert', cert, '--key', key);
}

test('list, show and export ask the running Tidegate, and read the storage where none runs', async () => {
  const tidegate = await runTidegate(await options());
  expect(await importShop(tidegate)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('shop.test (ecdsa-p256): imported, valid until '),
    stderr: expect.stringContaining('warning: it comes without the certificates of its chain'),
  });
  const { subjectAltName, fingerprint256 } = new X509Certificate(
    await readFile(join(tidegate.folder, 'shop.crt')),
  );
  expect(subjectAltName).toBe('DNS:shop.test');

  for (const note of [
    /^$/,
    /^no Tidegate runs with \S+tidegate\.config\.json: this is what \S+certificates-data has\n$/,
  ]) {
    const list = await tidegate.command('certs', 'list');
    expect(list).toMatchObject({ status: 0, stderr: expect.stringMatching(note) });
    expect(list.stdout).toMatch(/^shop\.test +imported +ecdsa-p256 +imported +fine +in \d+d +- +-$/m);
    expect(list.stdout).toMatch(/^one\.test +managed +ecdsa-p256 +- +missing/m);
    const show = await tidegate.command('certs', 'show', 'shop.test');
    expect(show).toMatchObject({ status: 0, stderr: expect.stringMatching(note) });
    expect(show.stdout).toContain(`SHA-256       ${fingerprint256}`);
    expect(show.stdout).toMatch(/^stored in +certificates-data\/certificates\/shop\.test\/ecdsa-p256\.pem$/m);
    const cert = await tidegate.command('certs', 'export', 'shop.test');
    expect(new X509Certificate(cert.stdout).fingerprint256).toBe(fingerprint256);
    expect(cert.stdout).not.toContain('PRIVATE KEY');
    const both = await tidegate.command('certs', 'export', 'shop.test', '--key');
    expect(both.stdout).toContain('PRIVATE KEY');
    const none = await tidegate.command('certs', 'show', 'shot.test');
    expect(none.status).toBe(1);
    expect(none.stderr).toContain('there is no certificate for shot.test; did you mean `shop.test`?');
    await end(tidegate);
  }
});

test('exported files are readable for their owner alone, and nothing is written over', async () => {
  const tidegate = await runTidegate(await options());
  await importShop(tidegate);
  const out = join(tidegate.folder, 'out');
  expect((await tidegate.command('certs', 'export', 'shop.test', '--key', '--out', out)).status).toBe(0);
  for (const part of ['crt', 'key'])
    expect((await stat(join(out, `shop.test.ecdsa-p256.${part}`))).mode & 0o777).toBe(0o600);
  const again = await tidegate.command('certs', 'export', 'shop.test', '--out', out);
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('--force writes over it') });
  expect((await tidegate.command('certs', 'export', 'shop.test', '--out', out, '--force')).status).toBe(0);
});

test('a renewal that fails is told, with the exit status 1', async () => {
  const tidegate = await runTidegate(await options());
  const renew = await tidegate.command('certs', 'renew', 'one.test');
  expect(renew.status).toBe(1);
  expect(renew.stderr).toMatch(
    /^one\.test \(ecdsa-p256\): no certificate could be obtained: .*it is tried again\)$/m,
  );
  const show = await tidegate.command('certs', 'show', 'one.test');
  expect(show.stdout).toMatch(/^last error +\d{4}-.* ago\): /m);
  await end(tidegate);
  const stopped = await tidegate.command('certs', 'renew', 'one.test');
  expect(stopped).toMatchObject({ status: 1, stderr: expect.stringContaining('no Tidegate runs with ') });
});

test('trust writes the certificate of the local root, without its key, and says what to do with it', async () => {
  const tidegate = await runTidegate(await options());
  const out = join(tidegate.folder, 'root.crt');
  expect((await tidegate.command('certs', 'trust', '--out', out)).status).toBe(0);
  const written = await readFile(out, 'utf8');
  expect(written).not.toContain('PRIVATE KEY');
  const dev = await tidegate.command('certs', 'export', 'dev.test');
  expect(new X509Certificate(dev.stdout).checkIssued(new X509Certificate(written))).toBe(true);
  const said = await tidegate.command('certs', 'trust');
  expect(said.stdout).toContain(new X509Certificate(written).fingerprint256);
  for (const system of ['Debian', 'Fedora', 'macOS', 'Windows', 'Firefox', 'Chrome on Linux'])
    expect(said.stdout).toContain(system);
});

test('every command has help with examples', async () => {
  for (const name of ['list', 'show', 'renew', 'import', 'export', 'revoke', 'account', 'trust']) {
    const { status, stdout } = await runToEnd(process.execPath, [tidegateCli, 'certs', name, '--help']);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`Examples:\n  tidegate certs ${name}`)),
    ]);
  }
});

test('attack: another user of the machine asks the admin port for keys', async () => {
  const port = await unusedPort();
  const tidegate = await runTidegate(await options(port));
  await importShop(tidegate);
  const ask = async (method: string, path: string, body = '') => {
    const outgoing = request({
      port,
      host: '127.0.0.1',
      method,
      path,
      headers: { 'x-tidegate-admin': '1', 'content-length': Buffer.byteLength(body) },
    });
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; answer: string }>();
    outgoing.on('error', reject);
    outgoing.on(
      'response',
      (incoming) =>
        void text(incoming).then((answer) => resolve({ status: incoming.statusCode ?? 0, answer })),
    );
    outgoing.end(body);
    return promise;
  };
  const wanted = { action: 'export', name: 'shop.test', key: true };
  const refused = await ask('POST', '/certificates', JSON.stringify(wanted));
  expect(refused).toMatchObject({ status: 403, answer: expect.stringContaining('Unix socket') });
  const shown = await ask('GET', '/certificates?name=shop.test');
  expect(shown.status).toBe(200);
  expect(shown.answer).not.toContain('PRIVATE KEY');
});
