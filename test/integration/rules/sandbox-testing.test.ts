import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { loadRules } from '../../../rules/testing.ts';
import { compileText } from './load-sandbox.ts';

const text = `export default defineRules({
  request(req) {
    console.info(req.method + ' ' + req.url);
    if (req.path === '/die') new Array(1e9).fill(0);
    if (req.client.in('office')) return forward('office', { setHeaders: { 'x-host': req.host } });
    if (req.headers.get('x-fail') !== null) throw new Error('asked to');
  },
  response(res) { res.headers.delete('server'); },
});`;

test('a script is loaded, asked and ended', async () => {
  const { file } = await compileText(text);
  await using rules = await loadRules(file, { lists: { office: ['192.0.2.0/24'] } });
  expect(await rules.request({ url: 'https://a.example/x?y=1', method: 'PUT', client: '192.0.2.1' })).toEqual(
    {
      kind: 'forward',
      upstream: 'office',
      target: null,
      host: null,
      edits: [{ op: 'set', name: 'x-host', value: 'a.example' }],
    },
  );
  expect(rules.logs).toEqual([{ level: 'info', message: 'PUT https://a.example/x?y=1' }]);
  expect(await rules.request({ path: '/' })).toEqual({ kind: 'next', edits: [] });
  expect(await rules.request({ headers: { 'x-fail': '1' } })).toMatchObject({
    kind: 'fault',
    reason: expect.stringContaining('asked to'),
  });
  expect(await rules.response({ headers: { Server: 'x' } })).toEqual({
    status: null,
    edits: [{ op: 'delete', name: 'server' }],
  });
  expect(await rules.log({ status: 200 })).toBe(true);
  expect(await rules.pick([{ address: '10.0.0.1:80' }])).toBe(-1);
  expect(await rules.certificate('one.test')).toBe(false);
  expect(await rules.connect()).toEqual({ kind: 'next' });
});

test('the `connect` handler is asked as for a connection, with the bytes that it asked for', async () => {
  const { file } = await compileText(
    `export default defineRules({
      connect(conn) {
        if (conn.tls !== null) return forward(String(conn.tls.serverName), { key: conn.tls.alpn.join() });
        if (conn.bytes === null) return inspect(4, { timeout: '2s' });
        const text = new TextDecoder().decode(conn.bytes);
        return text === 'SSH-' ? forward('ssh') : forward([text, conn.protocol, conn.client.address, conn.local.port].join(' '));
      },
    });`,
  );
  await using rules = await loadRules(file, { timeLimit: '1s' });
  expect(await rules.connect()).toEqual({ kind: 'inspect', bytes: 4, timeoutMs: 2000 });
  expect(await rules.connect({ bytes: 'SSH-' })).toEqual({ kind: 'forward', upstream: 'ssh' });
  expect(await rules.connect({ bytes: Uint8Array.of(0xe2, 0x82, 0xac), client: '192.0.2.1' })).toEqual({
    kind: 'forward',
    upstream: '€ tcp 192.0.2.1 4000',
  });
  expect(await rules.connect({ protocol: 'udp' })).toMatchObject({ upstream: ' udp 127.0.0.1 4000' });
  expect(await rules.connect({ protocol: 'tls' })).toEqual({ kind: 'forward', upstream: 'null' });
  expect(await rules.connect({ tls: { serverName: 'a.test', alpn: ['h2'] } })).toEqual({
    kind: 'forward',
    upstream: 'a.test',
    key: 'h2',
  });
});

test('the `certificate` handler is asked as in a handshake', async () => {
  const { file } = await compileText(
    `export default defineRules({ certificate: (name, client) => name === 'one.test' && client.in('192.0.2.0/24') });`,
  );
  await using rules = await loadRules(file);
  expect(await rules.certificate('One.Test', '192.0.2.1')).toBe(true);
  expect(await rules.certificate('one.test')).toBe(false);
});

test('a script that kills its process is an error, not a hanging test', async () => {
  const { file } = await compileText(text);
  await using rules = await loadRules(pathToFileURL(file));
  await expect(rules.request({ path: '/die' })).rejects.toThrow('the script ended its process (SIGKILL)');
  await expect(rules.request()).rejects.toThrow('the script ended its process');
});

test('what is wrong with a script is said with its place', async () => {
  const { file } = await compileText(text);
  await writeFile(file, '\nconst broken = ;');
  await expect(loadRules(file)).rejects.toThrow(`${file}:2:16 Unexpected ";"`);
});

test('a script under test sees paths as the proxy shows them', async () => {
  const { file } = await compileText(
    `export default defineRules({ request(req) { return respond(req.path + ' ' + req.target); } });`,
  );
  await using rules = await loadRules(file);
  expect(await rules.request({ path: '/%61dmin/%2f?q=%61' })).toMatchObject({
    body: '/admin/%2F /%61dmin/%2f?q=%61',
  });
  await expect(rules.request({ path: '/public%2f..%2fadmin' })).rejects.toThrow(
    'the proxy refuses this path before any rule sees it: "/public%2f..%2fadmin"',
  );
});
