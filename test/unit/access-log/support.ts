import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { AccessEntry } from '../../../core/exchange/access-entry.ts';
import type { ConnectionEntry } from '../../../core/layer4/connection-entry.ts';

export const entry: AccessEntry = {
  time: '2026-02-03T04:05:06.789Z',
  listener: 'web',
  client: '192.0.2.1',
  method: 'GET',
  host: 'example.com',
  target: '/a?b=c',
  protocol: 'HTTP/1.1',
  status: 200,
  error: null,
  errorDetail: null,
  requestId: 'id-1',
  requestBytes: 0,
  responseBytes: 1234,
  upstream: 'site',
  backend: '127.0.0.1:9001',
  attempts: 1,
  decision: 'forward site',
  route: null,
  timings: { total: 1.5, rule: 0.01, queue: null, connect: 0, firstByte: 1.2, response: 0.2 },
  referer: null,
  userAgent: 'curl/8',
  fields: null,
};

export const connectionEntry: ConnectionEntry = {
  time: '2026-02-03T04:05:06.789Z',
  listener: 'db',
  protocol: 'tcp',
  client: '192.0.2.1',
  clientPort: 50123,
  serverName: null,
  upstream: 'db',
  backend: '10.0.0.5:5432',
  attempts: 1,
  decision: null,
  bytesFromClient: 310,
  bytesFromBackend: 52311,
  datagramsFromClient: null,
  datagramsFromBackend: null,
  end: 'closed',
  error: null,
  errorDetail: null,
  timings: { total: 1500.125, rule: null, queue: null, connect: 0.4 },
  fields: null,
};

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder which is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  folders.push(folder);
  return folder;
}

/** Runs an ES module, which can import by `core('shared/log.ts')`, in a process of its own; resolves with what it printed when it ends. */
export async function runModule(
  source: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const base = new URL('../../../core/', import.meta.url).href;
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const core = (file) => import(${JSON.stringify(base)} + file);\n${source}`,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
