import { once } from 'node:events';
import { connect, createServer, Socket, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withInput } from '../../../core/listeners/accepted-socket.ts';
import { SocketInput } from '../../../core/shared/socket-input.ts';
import { portOf } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';

let server: Server;
let client: Socket;
let socket: Socket;
let received: string;

/** A connection whose accepting end is `socket`, as a listener accepts it. */
beforeEach(async () => {
  received = '';
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = new Promise<Socket>((resolve) => {
    server.once('connection', (each) => {
      const input = new SocketInput();
      input.receive = (piece) => void (received += piece.toString());
      resolve(withInput(each, input));
    });
  });
  client = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true });
  socket = await accepted;
});

afterEach(() => {
  client.destroy();
  socket.destroy();
  server.close();
});

test('what the client sends goes to the input and not to the stream', async () => {
  const [here, there] = [socket.remotePort, client.localPort];
  expect(here).toBe(there);
  socket.on('readable', () => (received += `from the stream: ${socket.read()}`));
  client.write('hello');
  await poll(() => received !== '');
  expect(received).toBe('hello');
});

test('a paused socket is not read, and goes on where it stopped', async () => {
  socket.pause();
  // More than the kernel holds for it.
  const text = 'x'.repeat(16_000_000);
  client.write(text);
  client.write('the end');
  socket.write('now');
  await once(client, 'data');
  expect(received).toBe('');
  socket.resume();
  await poll(() => received.endsWith('the end'));
  expect(received).toHaveLength(text.length + 7);
});

test('after the FIN of the client the other direction stays open', async () => {
  client.end('bye');
  await once(socket, 'end');
  expect(received).toBe('bye');
  socket.end('answer');
  const [answer] = await once(client, 'data');
  expect(String(answer)).toBe('answer');
});

test('a reset is an error and a close', async () => {
  const errors: Error[] = [];
  socket.on('error', (error) => errors.push(error));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  client.resetAndDestroy();
  expect(await closed).toBe(true);
  expect(errors).toMatchObject([{ code: 'ECONNRESET' }]);
});

test('the server closes without waiting for the connection, which goes on', async () => {
  server.close();
  await once(server, 'close');
  client.write('still here');
  await poll(() => received === 'still here');
});

test('a socket without a handle is read through its stream', async () => {
  const input = new SocketInput();
  input.receive = (piece) => void (received += piece.toString());
  const bare = new Socket();
  bare.pause();
  expect(withInput(bare, input)).toBe(bare);
  bare.push('hello');
  await poll(() => received === 'hello');
});
