import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { startTcp } from '../../support/tcp-path.ts';

/** Sends back what comes, and ends when its client does. */
function startEcho(): Promise<number> {
  return listenForTest(createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket)));
}

test('bytes pass both ways, FIN as FIN, and the log tells of it', async () => {
  const proxy = await startTcp({ backendPort: await startEcho() });
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  let text = '';
  client.on('data', (piece: Buffer) => (text += piece.toString()));
  client.write('hello ');
  await poll(() => text === 'hello ');
  client.end('world');
  await once(client, 'end');
  expect(text).toBe('hello world');
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]).toMatchObject({
    listener: 'test',
    protocol: 'tcp',
    client: '127.0.0.1',
    upstream: 'site',
    attempts: 1,
    bytesFromClient: 11,
    bytesFromBackend: 11,
    end: 'closed',
    error: null,
  });
});

test('with nobody to connect to the client is reset, and the log says why', async () => {
  const proxy = await startTcp({ backendPort: 1 });
  const client = connect(proxy.port, '127.0.0.1');
  const [error]: { code?: string }[] = await once(client, 'error');
  expect(error?.code).toBe('ECONNRESET');
  expect(proxy.entries[0]).toMatchObject({ end: 'failed', error: 'connect-failed', bytesFromClient: 0 });
});
