import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startTcp } from '../../support/tcp-path.ts';

test('a connection to a Unix socket beyond the limit is closed, and the others go on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-unix-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, 'front');
  const proxy = await startTcp({ socketPath, listener: { limits: { connections: 1 } } });
  const first = connect(socketPath);
  onTestFinished(() => void first.destroy());
  await once(first, 'connect');
  const second = connect(socketPath);
  second.on('error', () => {});
  await once(second, 'close');
  expect(proxy.service.counters.refused).toBe(1);
});
