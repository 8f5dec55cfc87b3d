import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { RuleScriptConfig } from '../../../core/shared/listener-types.ts';
import { clientHello } from '../../support/client-hello.ts';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import type { RawSocket } from '../../support/raw-socket.ts';
import { startTcp, type TcpPath } from '../../support/tcp-path.ts';
import { loadSandbox, UNHURRIED } from './load-sandbox.ts';

/** Says its name to whoever comes, and then what it gets. */
function startNamed(name: string): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.write(`${name}:`);
    socket.pipe(socket);
  });
  return listenForTest(server);
}

/** With the upstreams a and b, and a listener with this script. */
async function startWith(
  script: string,
  listener: object = {},
  settings: Partial<RuleScriptConfig> = UNHURRIED,
): Promise<TcpPath & { readonly faults: readonly string[] }> {
  const { script: rules, faults } = await loadSandbox(script, settings);
  const upstreams = Object.fromEntries(
    await Promise.all(
      ['site', 'a', 'b'].map(
        async (name) => [name, { backends: [{ address: `127.0.0.1:${await startNamed(name)}` }] }] as const,
      ),
    ),
  );
  const { onError = 'deny' } = settings;
  const path = await startTcp({
    rules,
    upstreams,
    listener: { rules: { script: './rules.ts', onError }, ...listener },
  });
  return { ...path, faults };
}

async function hears(client: RawSocket, text: string): Promise<void> {
  await client.until(() => (client.buffered.includes(text) ? text : null), text);
  expect(client.buffered).toBe(text);
}

/** Connects to be turned away, maybe before it hears that it was let in. */
async function isReset(port: number, sent = ''): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(sent);
  const [error]: unknown[] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET' });
}

const BY_PROTOCOL = `export default defineRules({
  connect(conn) {
    if (conn.bytes === null) return inspect(4);
    const text = new TextDecoder().decode(conn.bytes);
    if (text === '' || text.startsWith('SSH-')) return forward('a');
    return conn.bytes[0] === 0x16 ? forward('b') : next();
  },
});`;

test('one port tells protocols by their first bytes, which the backend gets', async () => {
  const { port, entries } = await startWith(BY_PROTOCOL);
  const ssh = await connectRaw(port);
  ssh.send('SSH-2.0-x\r\n');
  await hears(ssh, 'a:SSH-2.0-x\r\n');
  const tls = await connectRaw(port);
  tls.send('\x16\x03\x01\x02\x00');
  await hears(tls, 'b:\x16\x03\x01\x02\x00');
  const http = await connectRaw(port);
  http.send('GET / HTTP/1.1\r\n\r\n');
  await hears(http, 'site:GET / HTTP/1.1\r\n\r\n');
  for (const client of [ssh, tls, http]) client.socket.destroy();
  await poll(() => entries.length === 3);
  expect(new Map(entries.map(({ decision, upstream }) => [decision, upstream]))).toEqual(
    new Map([
      ['forward a', 'a'],
      ['forward b', 'b'],
      ['next', 'site'],
    ]),
  );
});

test('bytes that come one by one are waited for', async () => {
  const { port } = await startWith(BY_PROTOCOL);
  const client = await connectRaw(port);
  for (const byte of 'SSH-') {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await hears(client, 'a:SSH-');
});

test('who says nothing in time is asked about with nothing, and goes on', async () => {
  const { port } = await startWith(BY_PROTOCOL, { timeouts: { inspect: '50ms' } });
  const client = await connectRaw(port);
  await hears(client, 'a:');
  client.send('SSH-2.0-late');
  await hears(client, 'a:SSH-2.0-late');
});

test('the time that a script gives comes before that of the listener', async () => {
  const script = `export default defineRules({
    connect: (conn) => conn.bytes === null ? inspect(9, { timeout: '50ms' }) : forward('b'),
  });`;
  const { port } = await startWith(script, { timeouts: { inspect: '1h' } });
  const client = await connectRaw(port);
  client.send('few');
  await hears(client, 'b:few');
});

test('who has ended with fewer bytes is asked about at once', async () => {
  const { port } = await startWith(BY_PROTOCOL, { timeouts: { inspect: '1h' } });
  const client = await connectRaw(port);
  client.socket.end('hi');
  expect(await client.end()).toBe('fin');
  expect(client.buffered).toBe('site:hi');
});

test.each([
  ['denies', 'return deny()', 'denied', null],
  ['throws', 'throw new Error("no")', 'failed', 'the `connect` handler failed: Error: no'],
  ['answers as for a request', 'return respond("x") as never', 'failed', 'a connection has no request'],
  ['names no upstream', 'return forward("c")', 'failed', 'unknown upstream c'],
  ['asks for more than the limit', 'return inspect(2000)', 'failed', 'limits.inspect of 1KiB'],
  ['does not end', 'for (;;);', 'failed', 'passed the time limit of 20ms'],
])('a script that %s closes the connection, and no other one', async (_what, body, end, error) => {
  const { port, entries } = await startWith(
    `let calls = 0; export default defineRules({ connect() { if (calls++ === 0) { ${body} } } });`,
    { limits: { inspect: '1KiB' } },
    { timeLimitMs: 20 },
  );
  await isReset(port);
  await poll(() => entries.length === 1);
  expect(entries[0]).toMatchObject({ end, upstream: null, error: error === null ? null : 'rule-fault' });
  expect(entries[0]?.errorDetail ?? '').toContain(error ?? '');
  // A fresh isolate would begin to count anew.
  if (body.startsWith('for')) return;
  const other = await connectRaw(port);
  await hears(other, 'site:');
});

test('a script that asks for what did not come is not asked for ever', async () => {
  const { port, entries } = await startWith(`export default defineRules({ connect: () => inspect(100) });`, {
    timeouts: { inspect: '20ms' },
  });
  await isReset(port, 'x');
  await poll(() => entries.length === 1);
  expect(entries[0]).toMatchObject({ end: 'failed', error: 'rule-fault' });
});

test('under onError next a connection goes on in spite of the script', async () => {
  const { port } = await startWith(
    `export default defineRules({ connect() { throw new Error('no'); } });`,
    {},
    { ...UNHURRIED, onError: 'next' },
  );
  await hears(await connectRaw(port), 'site:');
});

test('a script sees the name and the protocols of a ClientHello that passes on', async () => {
  const { port } = await startWith(
    `export default defineRules({
      connect: ({ tls, bytes }) =>
        bytes === null && tls?.serverName === 'one.test' && tls.alpn.includes('h2') ? forward('a') : deny(),
    });`,
    { sni: true },
  );
  const hello = await clientHello({ ALPNProtocols: ['h2'] });
  const client = await connectRaw(port);
  client.send(hello.subarray(0, 7));
  await new Promise((resolve) => setImmediate(resolve));
  client.send(hello.subarray(7));
  await hears(client, `a:${hello.toString('latin1')}`);
});

test('its log handler adds to the entries of connections', async () => {
  const { port, entries } = await startWith(
    `export default defineRules({
      log: (entry) => ({ of: String(entry['protocol']), end: String(entry['end']) }),
    });`,
  );
  const client = await connectRaw(port);
  client.socket.end();
  expect(await client.end()).toBe('fin');
  await poll(() => entries.length === 1);
  expect(entries[0]).toMatchObject({ upstream: 'site', fields: { of: 'tcp', end: 'closed' } });
});
