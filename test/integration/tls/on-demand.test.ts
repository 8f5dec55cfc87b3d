import { expect, test } from 'vitest';
import type { CertificateAnswer } from '../../../core/listeners/tls/contexts.ts';
import type { Certificate } from '../../../core/shared/certificate.ts';
import { certificate, type CertificateName } from '../../support/certificates.ts';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { connectTls, refusal, type TlsClient } from '../../support/tls-client.ts';
import { startHttps } from './setup.ts';

function presented(name: CertificateName): Certificate {
  return { id: name, pairs: [{ keyType: 'ec', ...certificate(name), ocsp: null }] };
}

function answerWith(found: CertificateName | null, more: Partial<CertificateAnswer> = {}): CertificateAnswer {
  return {
    certificate: found === null ? null : presented(found),
    asksRule: false,
    keepMs: null,
    ...more,
  };
}

function sourceOf({ certificates }: DataPath): NonNullable<DataPath['certificates']> {
  if (certificates === null) throw new Error('no source');
  return certificates;
}

/** A primary that has the rule asked for everything but one.test, and obtains `two` when it says yes. */
function askRule({ denied, order }: { denied: CertificateName | null; order: Promise<void> }) {
  const ordered: string[] = [];
  const answerFor = async (_set: string, name: string, allowed: boolean): Promise<CertificateAnswer> => {
    if (name === 'one.test') return answerWith('one');
    if (!allowed) return answerWith(denied, { asksRule: true });
    ordered.push(name);
    await order;
    return answerWith('two');
  };
  return { ordered, answerFor };
}

function connectFor(proxy: DataPath, servername: string): Promise<TlsClient> {
  return connectTls(proxy.port, { servername, checkServerIdentity: () => undefined });
}

test('the rule says yes: handshakes wait for the certificate, with one question for the name', async () => {
  const asked: [string, string][] = [];
  const { proxy } = await startHttps({
    rules: ruleScript({
      certificate: (name, client) => asked.push([name, client]) > 0,
    }),
  });
  let finish = (): void => {};
  const order = new Promise<void>((resolve) => (finish = resolve));
  const { ordered, answerFor } = askRule({ denied: null, order });
  sourceOf(proxy).answerFor = answerFor;
  const clients = Promise.all(Array.from({ length: 20 }, () => connectFor(proxy, 'New.test')));
  await poll(() => asked.length === 20);
  expect(asked[0]).toEqual(['new.test', '127.0.0.1']);
  finish();
  expect((await clients).map(({ certificateName }) => certificateName)).toEqual(
    Array.from({ length: 20 }, () => 'two.test'),
  );
  expect(ordered).toEqual(['new.test']);
  // It is known from now on.
  sourceOf(proxy).asked.length = 0;
  expect((await connectFor(proxy, 'new.test')).certificateName).toBe('two.test');
  expect([sourceOf(proxy).asked, asked.length]).toEqual([[], 20]);
});

test('the rule says no: the default certificate, or an alert where there is none, and each time it is asked anew', async () => {
  let asked = 0;
  const { proxy } = await startHttps({ rules: ruleScript({ certificate: () => (asked += 1) < 0 }) });
  const order = Promise.resolve();
  const refused = askRule({ denied: null, order });
  sourceOf(proxy).answerFor = refused.answerFor;
  expect(await refusal(proxy.port, { servername: 'new.test' })).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  sourceOf(proxy).answerFor = askRule({ denied: 'wild', order }).answerFor;
  expect((await connectFor(proxy, 'new.test')).certificateName).toBe('*.wild.test');
  expect([asked, refused.ordered]).toEqual([2, []]);
});

test('without a handler to ask it is a no, and the log says so', async () => {
  const { log, lines } = recordingLog();
  const { proxy } = await startHttps({ log });
  sourceOf(proxy).answerFor = askRule({ denied: null, order: Promise.resolve() }).answerFor;
  expect(await refusal(proxy.port, { servername: 'new.test' })).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  expect(lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    'names get no certificates: the rule script has no `certificate` handler to ask',
  ]);
});

test('an order that takes longer than a handshake may costs that handshake, and is there for the next', async () => {
  const { proxy } = await startHttps({
    tls: { handshakeTimeout: '300ms' },
    rules: ruleScript({ certificate: () => true }),
  });
  let finish = (): void => {};
  const order = new Promise<void>((resolve) => (finish = resolve));
  const { ordered, answerFor } = askRule({ denied: null, order });
  sourceOf(proxy).answerFor = answerFor;
  await expect(connectFor(proxy, 'new.test')).rejects.toThrow();
  await poll(() => proxy.service.counters.refused === 1);
  finish();
  expect((await connectFor(proxy, 'new.test')).certificateName).toBe('two.test');
  expect(ordered).toEqual(['new.test']);
});

test('an answer that holds for a time is asked for again after it', async () => {
  const { proxy } = await startHttps();
  const source = sourceOf(proxy);
  let name: CertificateName | null = null;
  source.answerFor = async () => answerWith(name, { keepMs: name === null ? 200 : null });
  const denied = (): Promise<string> => refusal(proxy.port, { servername: 'new.test' });
  source.asked.length = 0;
  expect(await denied()).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  await denied();
  expect(source.asked).toEqual(['new.test']);
  name = 'two';
  await poll(async () => (await connectFor(proxy, 'new.test')).certificateName === 'two.test');
  expect(source.asked).toEqual(['new.test', 'new.test']);
});
