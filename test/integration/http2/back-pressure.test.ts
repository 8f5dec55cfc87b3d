import { expect, test } from 'vitest';
import { frameClient, GET, headers, settings, windowUpdate } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';
import { ask, http2Session } from './setup.ts';

const MIB = 2 ** 20;
const listener = { http2: true };

test('a stream without window holds its backend back; others on the connection go on', async () => {
  let written = 0;
  const backend = await startRawBackend(async (request) => {
    if (request.target !== '/large') return request.reply(ok('small'));
    const { socket } = request.connection;
    request.reply(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
    const piece = Buffer.alloc(MIB);
    while (!socket.destroyed && written < 64 * MIB) {
      written += MIB;
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
    }
  });
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  // A large window for the connection, the ordinary one for each stream.
  client.send(
    windowUpdate(0, 512 * MIB),
    headers(1, [...GET.filter(([n]) => n !== ':path'), [':path', '/large']]),
  );
  await poll(() => written >= MIB && client.frames.length > 3);
  for (let id = 3; id < 40; id += 2) {
    client.send(headers(id, GET));
    expect((await client.answer(id)).body).toBe('small');
  }
  // What the kernel's buffers take, and no more.
  expect(written).toBeLessThan(32 * MIB);
  client.send(windowUpdate(1, 128 * MIB));
  const { body } = await client.answer(1);
  expect(body).toHaveLength(64 * MIB);
});

test('a backend that does not read holds the client back, within the window', async () => {
  const backend = await startRawBackend(
    () => new Promise(() => {}),
    (connection) => void connection.socket.pause(),
  );
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const stream = http2Session(proxy.port).request({ ':method': 'POST', ':path': '/' });
  stream.on('error', () => {});
  let sent = 0;
  const piece = Buffer.alloc(MIB);
  const pump = (): void => {
    sent += MIB;
    stream.write(piece, () => sent < 64 * MIB && pump());
  };
  pump();
  let before = -1;
  await poll(async () => {
    const same = before === sent;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return same && sent > 0;
  });
  expect(sent).toBeLessThan(32 * MIB);
});

test('streams share a connection window fairly: a short answer does not wait for long ones', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(ok('x'.repeat(request.target === '/' ? 100 : 5 * MIB))),
  );
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const session = http2Session(proxy.port);
  const done: string[] = [];
  const one = async (path: string): Promise<void> => {
    expect((await ask(session, { ':path': path })).body.length).toBe(path === '/' ? 100 : 5 * MIB);
    done.push(path);
  };
  await Promise.all([one('/a'), one('/b'), one('/c'), one('/')]);
  expect(done[0]).toBe('/');
});

test('a window that is made smaller in mid-answer, even below nothing, is kept to', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(100_000))));
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  client.send(headers(1, GET));
  await poll(() => client.frames.filter(({ type }) => type === 0).length >= 4);
  client.send(settings([4, 10]), windowUpdate(0, 100_000), windowUpdate(1, 65_525), windowUpdate(1, 34_465));
  expect((await client.answer(1)).body).toHaveLength(100_000);
});
