import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { authorityFile, certificateFiles } from '../../support/certificates.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { runToEnd } from '../../support/run-to-end.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { startNginx } from '../real-servers.ts';
import { scp, ssh, startSshd } from './ssh-server.ts';

const COPIED_BYTES = 4 * 2 ** 20;
const example = fileURLToPath(new URL('../../../examples/one-port', import.meta.url));

test('one port serves SSH, HTTPS and HTTP: the example, with ssh, scp and curl', async () => {
  const sshd = await startSshd();
  const httpsPort = await unusedPort();
  const { cert, key } = certificateFiles('one');
  const nginx = await startNginx(
    'location / { return 200 "plain"; }',
    `server { listen 127.0.0.1:${httpsPort} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};
       location / { return 200 "encrypted"; } }`,
  );
  const read = (name: string): Promise<string> => readFile(join(example, name), 'utf8');
  const tidegate = await runTidegate({
    config: 'tidegate.config.ts',
    files: {
      'tidegate.config.ts': (await read('tidegate.config.ts'))
        .replace('127.0.0.1:8443', '127.0.0.1:0')
        .replace('127.0.0.1:22', `127.0.0.1:${sshd.port}`)
        .replace('127.0.0.1:9443', `127.0.0.1:${httpsPort}`)
        .replace('127.0.0.1:9080', `127.0.0.1:${nginx.port}`),
      'rules/by-protocol.ts': await read('rules/by-protocol.ts'),
    },
    workers: 'real',
  });
  const port = await tidegate.port('shared');

  const curl = async (...args: string[]): Promise<string> =>
    (await runToEnd('curl', ['-sS', ...args])).stdout;
  const verified = [
    '--cacert',
    authorityFile,
    '--resolve',
    `one.test:${port}:127.0.0.1`,
    '-w',
    ' %{http_version}',
  ];
  expect(await curl(`http://127.0.0.1:${port}/`)).toBe('plain');
  expect(await curl(...verified, `https://one.test:${port}/`)).toBe('encrypted 2');

  expect(await ssh(sshd, port, 'echo over one port')).toBe('over one port');
  const [sent, stored, received] = ['sent', 'stored', 'received'].map((name) => join(sshd.folder, name));
  const content = randomBytes(COPIED_BYTES);
  await writeFile(sent ?? '', content);
  await scp(sshd, port, sent ?? '', `:${stored}`);
  await scp(sshd, port, `:${stored}`, received ?? '');
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(sha256(await readFile(received ?? ''))).toBe(sha256(content));

  const silent = await connectRaw(port);
  expect(await silent.until(() => silent.buffered || null, 'the word of the server')).toMatch(/^SSH-2\.0-/);
  const stranger = await connectRaw(port);
  stranger.send('\0\0\0\0\0\0\0\0');
  expect(await stranger.end()).toBe('reset');
});
