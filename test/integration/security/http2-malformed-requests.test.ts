import { expect, test } from 'vitest';
import { data, frameClient, GET, headers, POST, type Field } from '../../support/http2-frames.ts';
import { malformedBodies, malformedHeads } from '../../support/malformed-streams.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';

const PROTOCOL_ERROR = 1;

test.each(Object.entries(malformedHeads))(
  '%s: a stream error, and no backend hears of it',
  async (_name, fields) => {
    const backend = await startRawBackend();
    const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
    const client = await frameClient(proxy.port);
    client.send(headers(1, fields));
    expect(await client.reset(1)).toBe(PROTOCOL_ERROR);
    // The connection and its other streams go on.
    client.send(headers(3, GET));
    expect(await client.answer(3)).toMatchObject({ status: '200', body: 'hello' });
    expect(backend.requests).toHaveLength(1);
    expect(proxy.entries[0]).toMatchObject({ status: null, error: 'stream-malformed', attempts: 0 });
  },
);

test.each(Object.entries(malformedBodies))(
  '%s: a stream error, and no backend gets a whole request',
  async (_name, { length, body, trailers }) => {
    const backend = await startRawBackend(async (request) => {
      await request.body();
      request.reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
    const client = await frameClient(proxy.port);
    const fields: Field[] = length === null ? [...POST] : [...POST, ['content-length', length]];
    client.send(headers(1, fields, false), data(1, body, trailers === null));
    if (trailers !== null) client.send(headers(1, trailers));
    expect(await client.reset(1)).toBe(PROTOCOL_ERROR);
    await poll(() => proxy.entries.length === 1);
    expect(proxy.entries[0]).toMatchObject({ status: null, error: 'stream-malformed' });
    expect(backend.received()).not.toContain('\r\n0\r\n');
    if (length !== null) expect(backend.received()).not.toContain('abc');
  },
);
