import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { probe } from './probe.ts';

/** An agent that says this to everybody who connects, and closes. */
async function startAgent(line: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(line);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test.each<[line: string, result: object]>([
  ['up\n', { ok: true, reason: 'the agent says up' }],
  ['UP\r\n', { ok: true, reason: 'the agent says UP' }],
  [
    'ready up 75%\n',
    { ok: true, reason: 'the agent says ready up 75%', reportedState: 'ready', reportedWeight: 75 },
  ],
  ['up,50%\n', { ok: true, reason: 'the agent says up,50%', reportedWeight: 50 }],
  ['30%\n', { ok: true, reason: 'the agent says 30%', reportedWeight: 30 }],
  ['drain\n', { ok: true, reason: 'the agent says drain', reportedState: 'drain' }],
  ['maint\n', { ok: true, reason: 'the agent says maint', reportedState: 'maintenance' }],
  ['down\n', { ok: false, reason: 'the agent says down' }],
  ['stopped#by hand\n', { ok: false, reason: 'the agent says stopped: by hand' }],
  ['failed # disk\u001b[31m full\n', { ok: false, reason: 'the agent says failed : disk [31m full' }],
  ['fail', { ok: false, reason: 'the agent says fail' }],
  ['up maxconn:30\n', { ok: true, reason: 'the agent says up maxconn:30' }],
  ['hello\n', { ok: false, reason: 'the agent says nothing known: hello' }],
  ['\n', { ok: false, reason: 'the agent says nothing known: ' }],
  ['', { ok: false, reason: 'closed the connection' }],
])('%j', async (line, result) => {
  const agent = await startAgent(line);
  const backend = await startRawBackend();
  const check = { type: 'agent', port: agent };
  expect(await probe(`127.0.0.1:${backend.port}`, check)).toEqual(result);
});

test('is sent what the config says, and is down when it says nothing', async () => {
  const agent = await startRawBackend();
  const check = { type: 'agent', send: 'web1\n', timeout: '100ms' };
  expect(await probe(`127.0.0.1:${agent.port}`, check)).toEqual({
    ok: false,
    reason: 'no answer of the agent within 100 ms',
  });
  expect(agent.received()).toBe('web1\n');
});
