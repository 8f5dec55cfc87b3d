import { join } from 'node:path';
import { expect, test } from 'vitest';
import { authorityFile, certificateFiles } from '../support/certificates.ts';
import { ok, startRawBackend } from '../support/raw-backend.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { runTidegate } from '../support/tidegate-process.ts';

const https = { protocol: 'https', tls: { certificates: [certificateFiles('local')] } };
const proxyProtocol = { trust: ['127.0.0.1'] };
const priorKnowledge = '--http2-prior-knowledge';

interface Listener extends Readonly<Record<string, unknown>> {
  readonly protocol?: string;
}

/** A listener, how curl is to use it, and what both sides see: HTTP version, scheme and client. */
const kinds: Readonly<Record<string, readonly [listener: Listener, options: string[], seen: string]>> = {
  http: [{}, [], '1.1 http 127.0.0.1'],
  'http-ipv6': [{ address: '[::1]:0' }, [], '1.1 http ::1'],
  'http-unix': [{ address: 'unix:./web.sock' }, [], '1.1 http null'],
  'http-beside-http2': [{ http2: true }, [], '1.1 http 127.0.0.1'],
  http2: [{ http2: true }, [priorKnowledge], '2 http 127.0.0.1'],
  'https-http1': [https, ['--http1.1'], '1.1 https 127.0.0.1'],
  'https-http2': [https, [], '2 https 127.0.0.1'],
  'https-only-http1': [{ ...https, http2: false }, [], '1.1 https 127.0.0.1'],
  'proxy-http': [{ proxyProtocol }, ['--haproxy-protocol'], '1.1 http 127.0.0.1'],
  'proxy-http2': [{ proxyProtocol, http2: true }, ['--haproxy-protocol', priorKnowledge], '2 http 127.0.0.1'],
  'proxy-https': [{ ...https, proxyProtocol }, ['--haproxy-protocol'], '2 https 127.0.0.1'],
};

test('curl gets and posts over every kind of listener', async () => {
  const backend = await startRawBackend(async (request) => {
    const { length } = await request.body();
    request.reply(
      ok(`${request.header('x-forwarded-proto')} ${request.header('x-forwarded-for')} ${length}`),
    );
  });
  const config = {
    listeners: Object.entries(kinds).map(([name, [listener]]) => ({
      name,
      protocol: 'http',
      address: '127.0.0.1:0',
      upstream: 'site',
      ...listener,
    })),
    upstreams: { site: { backends: [{ address: `127.0.0.1:${backend.port}` }] } },
    workers: 1,
  };
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': JSON.stringify(config) },
    workers: 'real',
  });
  const common = ['-sS', '--globoff', '--cacert', authorityFile, '-w', ' %{http_code} %{http_version}'];
  const posting = ['--data', 'x'.repeat(100_000)];
  for (const [name, [listener, options, seen]] of Object.entries(kinds)) {
    const isUnix = name === 'http-unix';
    const url = isUnix
      ? 'http://web.test/'
      : `${listener.protocol ?? 'http'}://${new URL(await tidegate.url(name)).host}/`;
    const path = isUnix ? ['--unix-socket', join(tidegate.folder, 'web.sock')] : [];
    const [version = '', scheme, client] = seen.split(' ');
    for (const [data, bytes] of [
      [[], 0],
      [posting, 100_000],
    ] as const) {
      const { status, stdout, stderr } = await runToEnd('curl', [
        ...common,
        ...options,
        ...path,
        ...data,
        url,
      ]);
      const expected = `${scheme} ${client} ${bytes} 200 ${version}`;
      expect([name, status, stdout, stderr]).toEqual([name, 0, expected, '']);
    }
  }
});
