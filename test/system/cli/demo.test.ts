import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';

const start = fileURLToPath(new URL('../../../examples/demo/start.ts', import.meta.url));

function startDemo(port: number): {
  output: () => string;
  exited: Promise<number | null>;
  kill: (signal: NodeJS.Signals) => void;
} {
  const child = spawn(process.execPath, [start], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const exited = once(child, 'exit').then(() => child.exitCode);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  return { output: () => output, exited, kill: (signal) => child.kill(signal) };
}

test('the demo does what it prints', async () => {
  const port = await unusedPort();
  const demo = startDemo(port);
  await poll(() => demo.output().includes('Try, in another terminal'), 15_000);
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string, init: RequestInit = {}): Promise<string> => {
    const response = await fetch(url + path, { redirect: 'manual', ...init });
    return `${response.status} ${response.headers.get('location') ?? ''} ${await response.text()}`;
  };
  const site = await Promise.all([get('/'), get('/'), get('/')]);
  expect(site.filter((answer) => answer.includes('backend site-a'))).toHaveLength(2);
  expect(site.filter((answer) => answer.includes('backend site-b'))).toHaveLength(1);
  expect(await get('/api/users')).toMatch(/^200 {2}backend api\n {2}GET \/api\/users/);
  expect(await get('/hello?name=Ada')).toContain('Hello Ada, said a rule.');
  expect(await get('/old/page')).toContain('308 /archive/page');
  expect(await get('/admin')).toContain('403');
  expect(await get('/', { headers: { cookie: 'beta=1' } })).toMatch(/backend api\n(.|\n)*x-cohort: beta/);
  expect(await get('/api/x', { method: 'DELETE' })).toContain('backend site-');
});

test('the demo ends with its proxy on SIGTERM', async () => {
  const port = await unusedPort();
  const demo = startDemo(port);
  await poll(() => demo.output().includes('Try, in another terminal'), 15_000);
  demo.kill('SIGTERM');
  expect(await demo.exited).toBe(0);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test('the demo says when its port is taken', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const demo = startDemo(typeof address === 'object' && address !== null ? address.port : 0);
  expect(await demo.exited).toBe(1);
  expect(demo.output()).toContain('is taken. Choose another one: PORT=8081 npm start');
});
