import { expect, test } from 'vitest';
import type { RuleScript } from '../../../core/shared/rule-script.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

function setsStatus(status: number): RuleScript {
  return {
    id: 'test',
    file: '/test.ts',
    handles: { connect: false, request: false, response: true, log: false, pick: false, certificate: false },
    connect: () => ({ kind: 'next' }),
    decide: (_request, taker) => taker.onDecision({ kind: 'next', edits: [] }),
    response: () => ({ status, edits: [] }),
    log: () => true,
    pick: () => -1,
    certificate: () => false,
  };
}

test('a response handler may change the status', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'),
  );
  const proxy = await startProxy({ backendPort: backend.port, rules: setsStatus(404) });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.status, answer.body]).toEqual([404, 'hello']);
});

// A status that forbids a body on an answer that has one would make the body look like the next answer (RFC 9112 6.3).
test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 204],
  ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 200],
])('an answer cannot be given a status that contradicts its body: %j as %d', async (reply, status) => {
  const backend = await startRawBackend((request) => request.reply(reply));
  const proxy = await startProxy({ backendPort: backend.port, rules: setsStatus(status) });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect(answer.status).toBe(500);
  expect((await entry(proxy)).error).toBe('rule-fault');
});
