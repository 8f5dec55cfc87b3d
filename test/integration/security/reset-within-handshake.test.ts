import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { certificateFiles } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { startTcp } from '../../support/tcp-path.ts';

/** To free the state of a TLS connection from within its own handshake kills the process: anybody who is denied could do that. */
test('clients that are reset as soon as their handshake is over do not kill the worker', async () => {
  const proxy = await startTcp({
    listener: { protocol: 'tls', tls: { certificates: [certificateFiles('one')] } },
    rules: ruleScript({ connect: () => ({ kind: 'deny' }) }),
  });
  const times = 50;
  for (let i = 0; i < times; i += 1) {
    const socket = connectTls({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
  }
  await poll(() => proxy.entries.length === times);
  expect(new Set(proxy.entries.map(({ end }) => end))).toEqual(new Set(['denied']));
});
