import { spawn } from 'node:child_process';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startProxy } from '../integration/http1/setup.ts';
import { GET, POST, type Field } from '../support/http2-frames.ts';
import { malformedBodies, malformedHeads } from '../support/malformed-streams.ts';
import { ok, startRawBackend } from '../support/raw-backend.ts';

interface Stream {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly body: string | null;
  readonly trailers: readonly Field[] | null;
}

const streams: readonly Stream[] = [
  ...Object.entries(malformedHeads).map(([name, fields]) => ({ name, fields, body: null, trailers: null })),
  ...Object.entries(malformedBodies).map(([name, { length, body, trailers }]) => ({
    name,
    fields: length === null ? POST : [...POST, ['content-length', length] as const],
    body,
    trailers,
  })),
];

/** A proxy before a backend that notes each request that came whole. */
async function start(): Promise<{ port: number; whole: string[] }> {
  const whole: string[] = [];
  const backend = await startRawBackend(async (request) => {
    await request.body();
    whole.push(request.startLine);
    request.reply(ok('good'));
  });
  const { port } = await startProxy({ backendPort: backend.port, listener: { http2: true } });
  return { port, whole };
}

const GOOD = 'GET / HTTP/1.1';

test('python3-h2 without its checks finds every malformed stream refused', async () => {
  const { port, whole } = await start();
  const script = fileURLToPath(new URL('send-streams.py', import.meta.url));
  const python = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  python.stdin.end(JSON.stringify({ port, good: GET, streams }));
  const found = z.array(z.tuple([z.string(), z.string()])).parse(JSON.parse(await text(python.stdout)));
  const named = Object.fromEntries(streams.map(({ name }, i) => [name, found[i]]));
  expect(named).toEqual(Object.fromEntries(streams.map(({ name }) => [name, ['reset 1', '200']])));
  expect(whole).toEqual(streams.map(() => GOOD));
});

/** What Node's client fills in, puts in order or leaves out before it sends. */
const MENDED_BY_NODE = new Set([
  'an empty name',
  'no :method',
  'no :scheme',
  'no :path',
  'no :authority and no host',
  'a pseudo-header field behind others',
]);

test("Node's client finds every malformed stream refused that it sends as it is", async () => {
  const { port, whole } = await start();
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const found: Record<string, string> = {};
  for (const stream of streams) {
    if (MENDED_BY_NODE.has(stream.name)) continue;
    const outcome = await send(session, stream);
    if (outcome === null) continue;
    found[stream.name] = outcome;
    expect(await send(session, { name: 'good', fields: GET, body: null, trailers: null })).toBe('200');
  }
  const sent = Object.keys(found);
  expect(found).toEqual(Object.fromEntries(sent.map((name) => [name, 'reset 1'])));
  expect(sent).toContain('host that differs from :authority');
  expect(sent).toContain('less DATA than content-length');
  expect(whole).toEqual(sent.map(() => GOOD));
});

/** @returns its status, or how it was reset; null: the client does not send it as it is */
async function send(session: ClientHttp2Session, stream: Stream): Promise<string | null> {
  const { fields, body, trailers } = stream;
  // Names would be sent in lower case.
  if ([...fields, ...(trailers ?? [])].some(([name]) => name !== name.toLowerCase())) return null;
  let request: ClientHttp2Stream;
  try {
    request = session.request(fields.flat(), {
      endStream: body === null,
      waitForTrailers: trailers !== null,
    });
  } catch {
    return null;
  }
  let status: string | null = null;
  let isSent = true;
  request.on('response', (head) => (status = String(head[':status'])));
  request.on('error', () => {});
  request.on('wantTrailers', () => {
    try {
      request.sendTrailers(Object.fromEntries(trailers ?? []));
    } catch {
      isSent = false;
      request.destroy();
    }
  });
  request.resume();
  if (body !== null) request.end(body);
  await new Promise((resolve) => request.once('close', resolve));
  return isSent ? (status ?? `reset ${request.rstCode}`) : null;
}
