import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { FileStorage } from '../../../certs/file-storage.ts';
import { StapleKeeper, type Stapled } from '../../../certs/staple-keeper.ts';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { runToEnd, type Ended } from '../../support/run-to-end.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-ocsp-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** `line`: arguments, parted by spaces. */
async function openssl(line: string): Promise<Ended> {
  const ended = await runToEnd('openssl', line.split(' '), { cwd: folder });
  if (ended.status !== 0) throw new Error(`openssl ${line}\n${ended.stderr}`);
  return ended;
}

const KEYS = { ecdsa: '-newkey ec -pkeyopt ec_paramgen_curve:P-384', rsa: '-newkey rsa:2048' } as const;

async function makeAuthority(keys: keyof typeof KEYS): Promise<void> {
  await openssl(
    `req -x509 ${KEYS[keys]} -nodes -keyout ca.key -out ca.pem -days 10 -subj /CN=authority ` +
      '-addext basicConstraints=critical,CA:TRUE',
  );
}

async function issue(name: string, serial: string, extensions: string): Promise<void> {
  await openssl(`req -new ${KEYS.ecdsa} -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
  await writeFile(join(folder, 'extensions'), extensions);
  await openssl(
    `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -set_serial ${serial} -days 9 ` +
      `-extfile extensions -out ${name}.pem`,
  );
}

/** `openssl ocsp` as a server. @returns its port */
async function startResponder(signer: string): Promise<number> {
  const line = `ocsp -index index.txt -port 0 -CA ca.pem -ndays 7 -rsigner ${signer}.pem -rkey ${signer}.key`;
  const responder = spawn('openssl', line.split(' '), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(async () => {
    const exit = once(responder, 'exit');
    responder.kill('SIGKILL');
    await exit;
  });
  let said = '';
  responder.stdout.on('data', (chunk) => (said += String(chunk)));
  responder.stderr.on('data', (chunk) => (said += String(chunk)));
  return Number(await poll(() => /^ACCEPT .*:(\d+) /m.exec(said)?.[1]));
}

/** An authority, its responder, and a certificate with the serial number 0x1001 that names it. */
async function makeAll(options: {
  readonly keys: keyof typeof KEYS;
  readonly signer: 'ca' | 'delegate';
  readonly entry: string;
}): Promise<Stapled & { readonly key: string }> {
  await makeAuthority(options.keys);
  if (options.signer === 'delegate') await issue('delegate', '0x2001', 'extendedKeyUsage=OCSPSigning');
  await writeFile(join(folder, 'index.txt'), options.entry);
  const port = await startResponder(options.signer);
  await issue(
    'leaf',
    '0x1001',
    [
      'subjectAltName=DNS:a.test',
      `authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}`,
      'tlsfeature=status_request',
    ].join('\n'),
  );
  const [leaf, ca, key] = await Promise.all(
    ['leaf.pem', 'ca.pem', 'leaf.key'].map((file) => readFile(join(folder, file), 'utf8')),
  );
  return { names: ['a.test'], cert: `${leaf}${ca}`, key: key ?? '' };
}

function newKeeper(changes: { revoked: Date | null } = { revoked: null }) {
  const { log, lines } = recordingLog();
  const keeper = new StapleKeeper({
    storage: new FileStorage(join(folder, 'data')),
    log,
    now: Date.now,
    onChange: () => {},
    onRevoked: (_, revokedAt) => (changes.revoked = revokedAt),
  });
  onTestFinished(() => keeper.close());
  return { keeper, lines, changes };
}

const good = 'V\t301231235959Z\t\t1001\tunknown\t/CN=leaf\n';
const revoked = 'R\t301231235959Z\t260102030405Z,keyCompromise\t1001\tunknown\t/CN=leaf\n';

test.each([
  { keys: 'ecdsa', signer: 'ca' },
  { keys: 'rsa', signer: 'ca' },
  { keys: 'rsa', signer: 'delegate' },
] as const)(
  'gets a staple that OpenSSL takes, of an authority with $keys and signed by its $signer',
  async (options) => {
    const certificate = await makeAll({ ...options, entry: good });
    const { keeper } = newKeeper();
    expect(await keeper.prepare(certificate, AbortSignal.timeout(20_000))).toBe(true);
    keeper.follow([certificate]);
    const staple = Buffer.from(await poll(() => keeper.staple(certificate)), 'base64');

    await writeFile(join(folder, 'staple.der'), staple);
    const checked = await openssl(
      'ocsp -respin staple.der -issuer ca.pem -cert leaf.pem -CAfile ca.pem -no_nonce',
    );
    expect(checked.stdout).toMatch(/^leaf.pem: good$/m);
    expect(checked.stderr).toContain('Response verify OK');

    const server = createServer({ cert: certificate.cert, key: certificate.key });
    server.on('OCSPRequest', (_cert, _issuer, callback) => callback(null, staple));
    const port = await listenForTest(server);
    const client = await openssl(
      `s_client -connect 127.0.0.1:${port} -servername a.test -status -CAfile ca.pem -verify_return_error`,
    );
    expect(client.stdout).toMatch(/OCSP Response Status: successful[^]*Cert Status: good/);
  },
);

test('hears that a certificate was revoked', async () => {
  const certificate = await makeAll({ keys: 'ecdsa', signer: 'ca', entry: revoked });
  const { keeper, changes, lines } = newKeeper();
  keeper.follow([certificate]);
  expect(await poll(() => changes.revoked)).toEqual(new Date('2026-01-02T03:04:05Z'));
  expect(keeper.staple(certificate)).toBeNull();
  expect(lines).toMatchObject([{ level: 'error', message: 'a certificate was revoked' }]);
});

test('has no staple where the responder does not know the certificate', async () => {
  const certificate = await makeAll({ keys: 'ecdsa', signer: 'ca', entry: '' });
  const { keeper, lines } = newKeeper();
  expect(await keeper.prepare(certificate, AbortSignal.timeout(20_000))).toBe(false);
  expect(String(lines[0]?.fields['err'])).toContain('the responder does not know the certificate');
});
