import { connect, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { CertificateAnswer } from '../../../core/listeners/tls/contexts.ts';
import { certificate } from '../../support/certificates.ts';
import { clientHello, withName } from '../../support/client-hello.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { connectTls } from '../../support/tls-client.ts';
import { startHttps } from '../tls/setup.ts';

const one: CertificateAnswer = {
  certificate: { id: 'one', pairs: [{ keyType: 'ec', ...certificate('one'), ocsp: null }] },
  asksRule: false,
  keepMs: null,
};

function begin(port: number, servername: string): TLSSocket {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  return socket.on('error', () => {});
}

test('1,000 names that a rule refuses: one question and one call each, nothing kept, and known names stay ready', async () => {
  let calls = 0;
  const { proxy } = await startHttps({
    rules: ruleScript({ certificate: () => (calls += 1) < 0 }),
    tls: { cache: 10 },
  });
  const source = proxy.certificates;
  if (source === null) throw new Error('no source');
  source.answerFor = async (_set, name) =>
    name === 'one.test' ? one : { certificate: null, asksRule: true, keepMs: null };
  await connectTls(proxy.port);
  source.asked.length = 0;
  const hello = await clientHello();
  for (let batch = 0; batch < 1000; batch += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const client = await connectRaw(proxy.port);
        client.send(withName(hello, Buffer.from(String(batch + index).padStart(8, 'n'))));
        await client.end();
        client.socket.destroy();
      }),
    );
  await poll(() => proxy.service.counters.refused === 1000);
  expect([source.asked.length, calls, proxy.front?.contexts.size]).toEqual([1000, 1000, 1]);
  await connectTls(proxy.port);
  expect(source.asked).toHaveLength(1000);
});

test('clients that leave while their names are looked up leave nothing behind, and no rule is asked for them', async () => {
  let calls = 0;
  const { log, lines } = recordingLog();
  const { proxy } = await startHttps({ log, rules: ruleScript({ certificate: () => (calls += 1) > 0 }) });
  const source = proxy.certificates;
  if (source === null) throw new Error('no source');
  const answers: (() => void)[] = [];
  source.answerFor = (_set, name) =>
    name === 'one.test'
      ? Promise.resolve(one)
      : new Promise((resolve) => {
          answers.push(() => resolve({ certificate: null, asksRule: true, keepMs: null }));
        });
  const clients = Array.from({ length: 100 }, (_, index) => begin(proxy.port, `${index}.test`));
  await poll(() => answers.length === 100);
  // Others are served meanwhile.
  await connectTls(proxy.port);
  for (const client of clients) client.destroy();
  await poll(() => proxy.service.counters.refused === 100);
  for (const answer of answers) answer();
  await connectTls(proxy.port);
  expect([calls, lines.filter(({ level }) => level === 'error')]).toEqual([0, []]);
});

test('handshakes that wait for an order give way when others want their place', async () => {
  const { proxy } = await startHttps({
    tls: { maxHandshakes: 5 },
    rules: ruleScript({ certificate: () => true }),
  });
  const source = proxy.certificates;
  if (source === null) throw new Error('no source');
  source.answerFor = async (_set, name, allowed) => {
    if (name === 'one.test') return one;
    return allowed ? new Promise(() => {}) : { certificate: null, asksRule: true, keepMs: null };
  };
  const waiting = Array.from({ length: 5 }, (_, index) => begin(proxy.port, `${index}.test`));
  await poll(() => source.asked.length === 11);
  await poll(() => connectTls(proxy.port).catch(() => null));
  expect(waiting.filter(({ destroyed }) => !destroyed).length).toBeGreaterThan(0);
});
