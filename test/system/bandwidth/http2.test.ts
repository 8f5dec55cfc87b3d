import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { onTestFinished, test } from 'vitest';
import { http2Session } from '../../integration/http2/setup.ts';
import { startProxy } from '../../integration/http1/setup.ts';
import { authority, certificateFiles } from '../../support/certificates.ts';
import { arrival, BYTES, expectRate, startBackend } from './setup.ts';

async function limited(listener: Readonly<Record<string, unknown>>): Promise<number> {
  const { port } = await startProxy({ backendPort: await startBackend(), listener });
  return port;
}

function download(session: ClientHttp2Session): Promise<number> {
  return arrival(session.request({ ':path': '/' }));
}

async function upload(session: ClientHttp2Session): Promise<number> {
  const stream = session.request({ ':path': '/', ':method': 'POST' });
  stream.end(Buffer.alloc(BYTES));
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => void pieces.push(piece));
  await once(stream, 'end');
  return Number(Buffer.concat(pieces).toString());
}

test('an answer over HTTP/2', async () => {
  const session = http2Session(await limited({ http2: true, bandwidth: '2MiB/s' }));
  expectRate(await download(session));
});

test('the body of a request over HTTP/2', async () => {
  const session = http2Session(await limited({ http2: true, bandwidth: '2MiB/s' }));
  expectRate(await upload(session));
});

test('the streams of a connection share what it has, and so do connections', async () => {
  const port = await limited({ http2: true, bandwidth: { listener: '4MiB/s', connection: '2MiB/s' } });
  const one = http2Session(port);
  const other = http2Session(port);
  const [first, second, alone] = await Promise.all([download(one), download(one), download(other)]);
  expectRate(Math.max(first, second), 2);
  expectRate(alone);
});

test('an answer over TLS', async () => {
  const tls = { certificates: [certificateFiles('local')] };
  const port = await limited({ protocol: 'https', tls, bandwidth: '2MiB/s' });
  const session = connect(`https://localhost:${port}`, { ca: authority });
  onTestFinished(() => session.destroy());
  expectRate(await download(session));
  expectRate(await upload(session));
});
