import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { fillTo, READ_SIZE, requestThatFillsBuffers } from './fill-buffers.ts';
import { entry, startProxy } from './setup.ts';

const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig';

test('an answer before the end of the body is passed on at once; both connections end', async () => {
  const backend = await startRawBackend((request) => request.reply(TOO_LARGE));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nonly a bit',
  );
  expect([answer.status, answer.body, answer.header('connection')]).toEqual([413, 'big', 'close']);
  expect(await client.end()).toBe('fin');
  await backend.connections[0]?.end();
  const { status, error } = await entry(proxy);
  expect([status, error]).toEqual([413, null]);
});

test('a client that goes on sending still gets to read the early answer', async () => {
  const backend = await startRawBackend((request) => request.reply(TOO_LARGE));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n');
  const poured = client.pour(Buffer.alloc(1 << 20), 19);
  expect((await client.answer()).status).toBe(413);
  client.socket.destroy();
  await poured;
});

test('after an early answer to a body that was taken whole, the client connection goes on', async () => {
  const size = await requestThatFillsBuffers();
  const backend = await startRawBackend((request) => {
    if (request.target === '/next') request.reply(ok('next'));
    else request.connection.socket.pause();
  });
  const proxy = await startProxy({ backendPort: backend.port });
  // How much the kernel takes differs from time to time: one of these ends with the piece that fills the buffers.
  let wentOn = 0;
  for (let total = (Math.ceil(size / READ_SIZE) + 8) * READ_SIZE; wentOn < 3; total -= READ_SIZE) {
    const client = await connectRaw(proxy.port);
    const already = backend.requests.length;
    client.send(fillTo(total, (body) => post('/', body)));
    const { connection } = await backend.request(already);
    // Proxy, client and backend share this event loop: after so many turns whatever can move has moved.
    for (let turn = 0; turn < 1000; turn++) await new Promise(setImmediate);
    // The proxy never gets rid of what it has taken: the backend answers unread and hangs up.
    connection.send(TOO_LARGE.replace('\r\n', '\r\nConnection: close\r\n'));
    const answer = await client.answer();
    expect(answer.status).toBe(413);
    if (answer.header('connection') === 'close') continue;
    expect((await client.request(get('/next'))).body).toBe('next');
    wentOn += 1;
  }
});

test('a streamed conversation: answer pieces between request pieces', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const { connection } = await backend.request(0);
  for (const word of ['one', 'two', 'six']) {
    client.send(`3\r\n${word}\r\n`);
    await connection.until(() => (connection.transcript.includes(word) ? true : null), word);
    connection.send(`4\r\n${word}!\r\n`);
    await client.until(() => (client.buffered.includes(`${word}!`) ? true : null), `${word}!`);
  }
  client.send('0\r\n\r\n');
  connection.send('0\r\n\r\n');
  expect((await client.answer()).body).toBe('one!two!six!');
  expect((await entry(proxy)).error).toBeNull();
});
