import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { reset } from '../../../core/shared/reset.ts';
import { startTcpBackend } from '../../support/tcp-peers.ts';

test('a connection that is reset while its FIN is on the way is closed', async () => {
  const { port } = await startTcpBackend();
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end();
  // By then the stream has handed its end to the system, which has not done it yet.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  reset(socket);
  await once(socket, 'close');
  expect(socket.closed).toBe(true);
});
