import { expect, test } from 'vitest';
import type { ConnectDecision, RuleConnection } from '../../../core/shared/rule-script.ts';
import { loadSandbox, UNHURRIED } from './load-sandbox.ts';

function connectionOf(over: Partial<RuleConnection> = {}): RuleConnection {
  return {
    listener: 'db',
    protocol: 'tcp',
    clientAddress: '203.0.113.7',
    clientPort: 50123,
    localAddress: '192.0.2.1',
    localPort: 5432,
    tls: '',
    bytes: null,
    ...over,
  };
}

/** A script whose handler does for a connection to the local port N what the Nth body says. */
function oneOf(rows: readonly (readonly [body: string, ...unknown[]])[]): string {
  const cases = rows.map(([body], index) => `case ${index}: { ${body} } break;`);
  return `export default defineRules({ connect(conn) { switch (conn.local.port) { ${cases.join(' ')} } } });`;
}

test('the handler sees the listener, both ends, TLS and the first bytes', async () => {
  const { script, logs } = await loadSandbox(
    `export default defineRules({
      connect(conn) {
        const { listener, protocol, client, local, tls, bytes } = conn;
        const inOffice = client.in('office');
        console.log(JSON.stringify({ listener, protocol, client, local, tls, bytes: bytes && [...bytes], inOffice }));
        console.log(bytes instanceof Uint8Array, conn.bytes === bytes, conn.tls === tls);
      },
    });`,
    UNHURRIED,
    { office: ['203.0.113.0/24'] },
  );
  expect(script.handles).toMatchObject({ connect: true, request: false });
  const tls = { serverName: 'db.example.com', alpn: ['postgresql'] };
  expect(script.connect(connectionOf({ tls: JSON.stringify(tls), bytes: '\0\n\x80\xff' }))).toEqual({
    kind: 'next',
  });
  const seen: unknown = JSON.parse(logs[0]?.replace(/^info /, '') ?? '');
  expect(seen).toEqual({
    listener: 'db',
    protocol: 'tcp',
    client: { address: '203.0.113.7', port: 50123 },
    local: { address: '192.0.2.1', port: 5432 },
    tls,
    bytes: [0, 10, 128, 255],
    inOffice: true,
  });
  expect(logs[1]).toBe('info true true true');
});

test('without TLS and bytes both are null, and no bytes are not the same as none asked for', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({
      connect: (conn) => forward([conn.tls, conn.bytes, conn.bytes?.length].map(String).join(' ')),
    });`,
    UNHURRIED,
  );
  expect(script.connect(connectionOf())).toEqual({ kind: 'forward', upstream: 'null null undefined' });
  expect(script.connect(connectionOf({ bytes: '' }))).toEqual({ kind: 'forward', upstream: 'null  0' });
});

const DECISIONS: readonly (readonly [body: string, decision: ConnectDecision])[] = [
  ['', { kind: 'next' }],
  ['return next()', { kind: 'next' }],
  ['return deny()', { kind: 'deny' }],
  ['return forward("a")', { kind: 'forward', upstream: 'a' }],
  ['return forward("a", {})', { kind: 'forward', upstream: 'a' }],
  [
    'return forward("a", { key: conn.client.port, priority: "high" })',
    { kind: 'forward', upstream: 'a', key: '50123', priority: 'high' },
  ],
  ['return inspect(5)', { kind: 'inspect', bytes: 5, timeoutMs: null }],
  ['return inspect(5, { timeout: "1.5s" })', { kind: 'inspect', bytes: 5, timeoutMs: 1500 }],
];

test('every decision arrives as it was made', async () => {
  const { script } = await loadSandbox(oneOf(DECISIONS), UNHURRIED);
  for (const [index, [body, decision]] of DECISIONS.entries()) {
    const connection = connectionOf({ localPort: index });
    // The third time is as the first: decisions that recur cross as numbers elsewhere.
    for (let call = 0; call < 3; call++) expect([body, script.connect(connection)]).toEqual([body, decision]);
  }
});

test('it may ask for more than it was shown, over and over', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({
      connect: (conn) => conn.bytes?.length === 3 ? forward('a') : inspect((conn.bytes?.length ?? 0) + 1),
    });`,
    UNHURRIED,
  );
  expect(script.connect(connectionOf())).toMatchObject({ kind: 'inspect', bytes: 1 });
  expect(script.connect(connectionOf({ bytes: 'ab' }))).toMatchObject({ kind: 'inspect', bytes: 3 });
  expect(script.connect(connectionOf({ bytes: 'abc' }))).toEqual({ kind: 'forward', upstream: 'a' });
});

const FAULTS: readonly (readonly [body: string, reason: string])[] = [
  ['throw new Error("asked to")', 'Error: asked to'],
  [
    'return "a"',
    'the `connect` handler returned the string "a": it returns what forward, deny, inspect or next makes',
  ],
  [
    'return Promise.resolve(next())',
    'the `connect` handler returned a promise: async handlers are not supported',
  ],
  ['return redirect("/")', 'redirect: a connection has no request to answer'],
  ['return respond("hello")', 'respond: a connection has no request to answer'],
  ['return deny(403)', 'a connection is closed without an answer, so there is no status'],
  ['return forward("a", { path: "/" })', 'there is no request whose path could change'],
  ['return forward("a", { host: "b" })', 'there is no request whose host could change'],
  ['return forward("a", { setHeaders: { a: "b" } })', 'there is no request whose header fields could change'],
  ['return forward("a", { priority: "highest" })', 'the priority is one of high, normal, low'],
  ['return inspect()', 'the first argument is a number of bytes, at least 1, not undefined'],
  ['return inspect(0)', 'a number of bytes, at least 1, not 0'],
  ['return inspect(4.5)', 'a number of bytes, at least 1, not 4.5'],
  ['return inspect(9, { timeout: 2 })', 'the timeout is a number with its unit, such as \'2s\', not "2"'],
  ['return inspect(9, { timeout: "0s" })', 'the timeout is a number with its unit'],
  ['return inspect(9, { timeout: "25d" })', 'the timeout is a number with its unit'],
  ['return inspect(4)', 'the 4 bytes asked for are within the 4 of `conn.bytes`'],
];

test('what is no decision is a fault, which says why', async () => {
  const { script } = await loadSandbox(oneOf(FAULTS), UNHURRIED);
  for (const [index, [body, reason]] of FAULTS.entries()) {
    const decision = script.connect(connectionOf({ bytes: 'abcd', localPort: index }));
    const fault = { kind: 'fault', reason: expect.stringContaining(reason) as unknown };
    expect({ body, decision }).toEqual({ body, decision: fault });
  }
});

test('under onError next what is no decision counts as next', async () => {
  const { script } = await loadSandbox(oneOf(FAULTS), { ...UNHURRIED, onError: 'next' });
  for (const [index, [body]] of FAULTS.entries())
    expect([body, script.connect(connectionOf({ bytes: 'abcd', localPort: index }))]).toEqual([
      body,
      { kind: 'next' },
    ]);
  expect(script.counts).toMatchObject({ calls: FAULTS.length, errors: FAULTS.length });
});

test('what it throws is told with the line of the script, in the log too', async () => {
  const { script, file, logs } = await loadSandbox(
    `export default defineRules({
      connect(conn) {
        throw new Error(conn.listener);
      },
    });`,
    UNHURRIED,
  );
  const decision = script.connect(connectionOf());
  expect(decision.kind === 'fault' && decision.reason).toContain(`${file}:3:`);
  expect(logs.join('\n')).toContain(`error the \`connect\` handler failed: Error: db (at ${file}:3:`);
});

test('a datagram is there as a whole, so that there is nothing to ask for', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ connect: (conn) => conn.bytes.length > 4 ? forward('long') : inspect(5) });`,
    UNHURRIED,
  );
  const udp = (bytes: string) => connectionOf({ protocol: 'udp', bytes });
  expect(script.connect(udp('abcde'))).toEqual({ kind: 'forward', upstream: 'long' });
  expect(script.connect(udp('abc'))).toMatchObject({
    kind: 'fault',
    reason: expect.stringContaining('`conn.bytes` is the whole first datagram') as unknown,
  });
});

test('inspect is nothing that a request could be answered with', async () => {
  const { script } = await loadSandbox(
    `export default defineRules({ request: () => inspect(5) });`,
    UNHURRIED,
  );
  const request = { method: 'GET', scheme: 'http', host: 'a', target: '/', path: '/', head: '' } as const;
  expect(script.request({ ...request, clientAddress: '::1' })).toMatchObject({
    kind: 'fault',
    reason: expect.stringContaining('only `connect` can ask for first bytes') as unknown,
  });
});

test('one that does not end is ended, and the next connection finds a fresh isolate', async () => {
  const { script, faults } = await loadSandbox(
    `export default defineRules({ connect(conn) { if (conn.bytes !== null) for (;;); return forward('a'); } });`,
  );
  expect(script.connect(connectionOf({ bytes: '' }))).toEqual({
    kind: 'fault',
    reason: 'the `connect` handler passed the time limit of 10ms',
  });
  expect(faults).toEqual(['time']);
  expect(script.connect(connectionOf())).toEqual({ kind: 'forward', upstream: 'a' });
});

test('one that keeps what it sees is ended over its memory', async () => {
  const { script, faults } = await loadSandbox(
    `const kept = []; export default defineRules({ connect(conn) { for (let i = 0; i < 1e6; i++) kept.push([...conn.bytes]); } });`,
    { timeLimitMs: 10_000, memoryLimitBytes: 8 * 2 ** 20 },
  );
  expect(script.connect(connectionOf({ bytes: 'x'.repeat(1000) }))).toEqual({
    kind: 'fault',
    reason: 'the `connect` handler passed the memory limit of 8MiB',
  });
  expect(faults).toEqual(['memory']);
});
