import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { startRealWorkers, type CertificateWanted, type RealWorkers } from '../../support/real-workers.ts';
import { connectTls } from '../../support/tls-client.ts';
import { answer, challenges, challengeTarget, validate } from '../../integration/challenges/setup.ts';

const one = { id: 'one', pairs: [{ keyType: 'ec', ...certificate('one'), ocsp: null }] };
const renewed = { id: 'renewed', pairs: [{ keyType: 'ec', ...certificate('one-renewed'), ocsp: null }] };
const two = { id: 'two', pairs: [{ keyType: 'ec', ...certificate('two'), ocsp: null }] };

function files(): Record<'tidegate.config.yaml' | 'site.pem' | 'site.key' | 'rules.ts', string> {
  const { cert, key } = certificate('one');
  return {
    'tidegate.config.yaml': [
      'listeners:',
      "  - { name: plain, address: '127.0.0.1:0', redirectToHttps: true }",
      '  - name: secure',
      '    protocol: https',
      "    address: '127.0.0.1:0'",
      '    tls: { certificates: [{ cert: site.pem, key: site.key }] }',
      '    rules: { script: ./rules.ts, timeLimit: 1s }',
      'workers: 2',
      '',
    ].join('\n'),
    'site.pem': cert,
    'site.key': key,
    'rules.ts': [
      "import { defineRules } from 'tidegate/rules';",
      "export default defineRules({ certificate: (name, client) => name.endsWith('.test') && client.in('127.0.0.0/8') });",
      '',
    ].join('\n'),
  };
}

/** The answer of one worker, whichever takes the connection; null: it knows nothing. */
async function askForToken(port: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', path: challengeTarget(), headers: { host: 'site.test' }, agent: false },
      (response) => {
        text(response).then((body) => resolve(response.statusCode === 200 ? body : null), reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function askOften(workers: RealWorkers): Promise<(string | null)[]> {
  return Promise.all(Array.from({ length: 20 }, () => askForToken(workers.portOf('plain'))));
}

const everyWorker = Array.from({ length: 20 }, () => answer);

test('what is set, every worker answers with as soon as that is said; what is taken back, none', async () => {
  const workers = await startRealWorkers(files(), async () => ({ found: one }));
  expect(new Set(await askOften(workers))).toEqual(new Set([null]));
  await workers.board.set(challenges);
  expect(await askOften(workers)).toEqual(everyWorker);
  for (let count = 0; count < 10; count += 1)
    expect((await validate(workers.portOf('secure'))).alpnProtocol).toBe('acme-tls/1');
  await workers.board.set({ http: {}, alpn: {} });
  expect(new Set(await askOften(workers))).toEqual(new Set([null]));
  await expect(validate(workers.portOf('secure'))).rejects.toThrow(/no application protocol/);
});

test('a worker that dies is not waited for, and the one in its place knows', async () => {
  const workers = await startRealWorkers(files(), async () => ({ found: one }));
  const [victim] = workers.supervisor.ready();
  if (victim === undefined) throw new Error('no worker');
  // Stopped, it can not answer.
  process.kill(victim.worker.pid, 'SIGSTOP');
  const set = workers.board.set(challenges);
  process.kill(victim.worker.pid, 'SIGKILL');
  await set;
  await poll(() => workers.supervisor.ready().length === 2);
  expect(await askOften(workers)).toEqual(everyWorker);
});

test('a rule in its sandbox says which names get certificates in their first handshake', async () => {
  const wanted: CertificateWanted[] = [];
  const workers = await startRealWorkers(files(), async (message) => {
    wanted.push(message);
    if (message.serverName === '') return { found: one };
    return message.allowed === true ? { found: two } : { found: one, askRule: true };
  });
  const nameFor = async (servername: string): Promise<string> =>
    (await connectTls(workers.portOf('secure'), { servername, checkServerIdentity: () => undefined }))
      .certificateName;
  wanted.length = 0;
  expect(await nameFor('New.test')).toBe('two.test');
  expect(wanted.map(({ serverName, allowed }) => [serverName, allowed])).toEqual([
    ['new.test', undefined],
    ['new.test', true],
  ]);
  expect(await nameFor('new.example')).toBe('one.test');
});

test('a certificate changes on every worker within a second, and no handshake fails', async () => {
  let present = one;
  const workers = await startRealWorkers(files(), async () => ({ found: present }));
  const before = (await connectTls(workers.portOf('secure'))).fingerprint;
  const fingerprints: { readonly atMs: number; readonly fingerprint: string }[] = [];
  const over = new AbortController();
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const atMs = performance.now();
      const { fingerprint, socket } = await connectTls(workers.portOf('secure'));
      fingerprints.push({ atMs, fingerprint });
      socket.destroy();
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  await poll(() => fingerprints.length > 50);
  present = renewed;
  const changedMs = performance.now();
  workers.supervisor.broadcast({ type: 'certificates-changed', set: workers.set });
  const late = (): typeof fingerprints => fingerprints.filter(({ atMs }) => atMs > changedMs + 1000);
  // Enough for each worker to have had some.
  await poll(() => late().length > 50);
  over.abort();
  await clients;
  expect(late().filter(({ fingerprint }) => fingerprint === before)).toEqual([]);
});
