import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { stat } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { claimControlFolder, controlSocketName } from '../../../core/admin/control-socket.ts';
import { webConfig } from '../../support/configs.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { sharedTidegate } from '../../support/tidegate-process.ts';

const port = await unusedPort();
const tidegate = sharedTidegate({
  files: { 'tidegate.config.yaml': webConfig({ more: `admin: { address: '127.0.0.1:${port}' }` }) },
  workers: 'fake',
});

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('the admin address answers with the status as JSON', async () => {
  const answer = await ask('GET', '/status');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    pid: tidegate().pid,
    snapshot: { version: 1 },
    listeners: [{ name: 'web' }],
  });
});

test('GET /metrics answers in the text format of Prometheus', async () => {
  const answer = await ask('GET', '/metrics');
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.body).toContain('# TYPE tidegate_last_reload_ok gauge\ntidegate_last_reload_ok 1\n');
});

test('a name that is not its own as Host is refused, as a page after DNS rebinding would send it', async () => {
  expect((await ask('GET', '/status', { host: `evil.example:${port}` })).status).toBe(421);
  expect((await ask('GET', '/status', { host: `localhost:${port}` })).status).toBe(200);
});

test('a reload needs the admin header, which no form can send', async () => {
  expect((await ask('POST', '/reload')).status).toBe(403);
  const answer = await ask('POST', '/reload', { 'x-tidegate-admin': '1' });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ ok: true, version: 2 });
});

test('a change of a backend needs the header, and has to be one', async () => {
  const change = (body: string, headers: Record<string, string> = { 'x-tidegate-admin': '1' }) =>
    ask('POST', '/backends', headers, body);
  const drain = JSON.stringify({ action: 'drain', upstream: 'site', backend: '127.0.0.1:9' });
  expect((await change(drain, {})).status).toBe(403);
  expect((await ask('GET', '/backends')).status).toBe(405);
  for (const [body, error] of [
    ['', 'expected an object with `action` and `upstream`'],
    ['[1]', 'expected one of "drain"'],
    ['{"action":"stop"}', 'expected one of "drain", "ready", "maintenance"'],
    ['{"action":"drain","upstream":"site"}', 'backend: missing: expected the address of a backend'],
    ['{"action":"weight","upstream":"site","backend":"a:1","weight":-1}', 'weight: expected an integer'],
    ['{"action":"drain","upstream":"__proto__","backend":"a:1"}', 'upstream: expected a name'],
    ['{"action":"drain","upstream":"site","backend":"a:1","wieght":1}', 'unknown key'],
  ] as const) {
    const answer = await change(body);
    expect([answer.status, answer.body]).toEqual([
      400,
      expect.stringContaining(JSON.stringify(error).slice(1, -1)),
    ]);
  }
  const unknown = await change(drain.replace(':9', ':10'));
  expect([unknown.status, JSON.parse(unknown.body)]).toMatchObject([422, { ok: false, changes: [] }]);
  const first = await change(drain);
  expect([first.status, JSON.parse(first.body)]).toMatchObject([
    200,
    { ok: true, changes: ['backend 127.0.0.1:9 of site: drain'], workers: { asked: 2, answered: 2 } },
  ]);
  await change(JSON.stringify({ action: 'reset', upstream: 'site' }));
});

test('other methods, other paths and long bodies are refused', async () => {
  const method = await ask('DELETE', '/status');
  expect([method.status, method.headers.allow]).toEqual([405, 'GET']);
  expect((await ask('GET', '/nothing')).status).toBe(404);
  expect(
    (await ask('POST', '/reload', { 'x-tidegate-admin': '1', 'content-length': '2000' }, 'x'.repeat(2000)))
      .status,
  ).toBe(413);
});

test('only its owner can enter the folder of the control socket', async () => {
  const folder = claimControlFolder();
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(`${folder}/${controlSocketName(tidegate().configFile)}`)).mode & 0o777).toBe(0o600);
});
