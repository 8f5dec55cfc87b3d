import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { webConfig } from '../support/configs.ts';
import { runTidegate } from '../support/tidegate-process.ts';
import { runToEnd } from '../support/run-to-end.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startNginx } from './real-servers.ts';

const MIB = 2 ** 20;

async function proxyTo(nginx: ServerProcess): Promise<string> {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ backend: `127.0.0.1:${nginx.port}` }) },
    workers: 'real',
  });
  return tidegate.url();
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('curl through Tidegate to nginx', () => {
  test('a large file arrives as it is on the disk', async () => {
    const nginx = await startNginx('location / { }');
    const content = randomBytes(32 * MIB);
    await writeFile(join(nginx.folder, 'large'), content);
    const url = await proxyTo(nginx);
    const into = join(nginx.folder, 'received');
    const { status, stderr } = await runToEnd('curl', [
      '-sS',
      '--fail',
      '--limit-rate',
      '64M',
      '-o',
      into,
      `${url}/large`,
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(sha256(await readFile(into))).toBe(sha256(content));
  });

  test.each(['Content-Length:', 'Transfer-Encoding: chunked'])(
    'an upload arrives whole (%s)',
    async (header) => {
      const nginx = await startNginx('location / { dav_methods PUT; }');
      const content = randomBytes(16 * MIB);
      const from = join(nginx.folder, 'sent');
      await writeFile(from, content);
      const url = await proxyTo(nginx);
      const framing = header === 'Content-Length:' ? [] : ['-H', header];
      const { stdout } = await runToEnd('curl', [
        '-sS',
        '-w',
        '%{http_code}',
        ...framing,
        '-T',
        from,
        `${url}/stored`,
      ]);
      expect(stdout).toBe('201');
      expect(sha256(await readFile(join(nginx.folder, 'stored')))).toBe(sha256(content));
    },
  );

  test('ranges, validators and compression work as they do without it', async () => {
    const nginx = await startNginx(
      'location / { gzip on; gzip_min_length 1; gzip_http_version 1.0; gzip_proxied any; gzip_types text/plain; }',
    );
    await writeFile(join(nginx.folder, 'a.txt'), 'hello '.repeat(1000));
    const url = `${await proxyTo(nginx)}/a.txt`;
    const direct = `http://127.0.0.1:${nginx.port}/a.txt`;
    for (const options of [
      ['-r', '100-199'],
      ['-I'],
      ['--compressed'],
      ['-H', 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'],
    ]) {
      const write = ['-sS', '-w', '%{http_code} %{content_type} %{size_download}'];
      const through = await runToEnd('curl', [...write, ...options, url]);
      const without = await runToEnd('curl', [...write, ...options, direct]);
      const comparable = (text: string): string => text.replace(/^(?:Date|Connection): .*\r\n/gm, '');
      expect([options, comparable(through.stdout)]).toEqual([options, comparable(without.stdout)]);
    }
  });

  test('one client connection carries many requests', async () => {
    const nginx = await startNginx('location / { return 200 "$request_uri"; }');
    const url = await proxyTo(nginx);
    const { stdout } = await runToEnd('curl', ['-sS', '-w', ' %{num_connects}\n', `${url}/[1-50]`]);
    const lines = stdout.trim().split('\n');
    expect(lines).toEqual(Array.from({ length: 50 }, (_, index) => `/${index + 1} ${index === 0 ? 1 : 0}`));
  });
});
