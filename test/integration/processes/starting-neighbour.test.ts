import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bindSocket, clearStaleSocket } from '../../../core/primary/bind.ts';

test.skipIf(process.platform !== 'linux')(
  'the Unix socket of a Tidegate whose workers do not listen yet is not taken for one that a dead process left behind',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidegate-bind-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const address = { kind: 'unix', path: join(folder, 'web.sock') } as const;
    const first = await bindSocket(address);
    if (!first.ok) throw new Error(first.problem);
    onTestFinished(() => first.socket.handle.close());
    expect(await bindSocket(address)).toEqual({
      ok: false,
      problem: `cannot listen on unix:${address.path}: another process is about to listen there`,
    });
    expect(await clearStaleSocket(address.path)).not.toBeNull();
  },
);
