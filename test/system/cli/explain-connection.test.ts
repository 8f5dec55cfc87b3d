import { afterAll, beforeAll, expect, test } from 'vitest';
import { register } from '../../../core/cli/explain.ts';
import { clientHello } from '../../support/client-hello.ts';
import { projectFolder, runCli, runHere } from '../../integration/cli/run-cli.ts';

const config = `
listeners:
  - { name: shared, protocol: tcp, address: 127.0.0.1:4000, rules: ./by-protocol.ts, timeouts: { inspect: 3s }, upstream: web }
  - name: names
    protocol: tcp
    address: '127.0.0.1:4100-4110'
    sni: true
    plugins: [{ use: acl, options: { deny: [203.0.113.0/24] } }]
    routes:
      - { serverName: db.example.com, upstream: db }
      - { serverName: '*.example.com', alpn: mqtt, upstream: web }
      - { serverName: '*.example.com', upstream: ssh }
  - { name: plain, protocol: tcp, address: 127.0.0.1:4200, upstream: range }
  - { name: rdp, protocol: tcp, address: 127.0.0.1:4300, upstream: rdp }
  - { name: reserve, protocol: tcp, address: 127.0.0.1:4400, upstream: none }
  - { name: dns, protocol: udp, address: 127.0.0.1:5300, rules: ./dns.ts, upstream: web }
  - { name: single, protocol: udp, address: 127.0.0.1:5301, sticky: false, upstream: web }
  - { name: spare, protocol: udp, address: 127.0.0.1:5302, upstream: none }
  - { name: http, protocol: http, address: 127.0.0.1:8080, upstream: web }
upstreams:
  web: { backends: [{ address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 }] }
  ssh: { backends: [{ address: 127.0.0.1:9022 }] }
  db: { backends: [{ address: 127.0.0.1:9032, weight: 0 }, { address: 127.0.0.1:9033, weight: 0 }] }
  range: { port: listener, backends: [{ address: 127.0.0.1:9042 }] }
  none: { fallback: ssh, backends: [{ address: 127.0.0.1:9062, weight: 0 }] }
  rdp: { scheduler: { type: maglev, key: rdp-cookie(mstshash) }, backends: [{ address: 127.0.0.1:9051 }, { address: 127.0.0.1:9052 }] }
lists: { office: [192.0.2.0/24] }
`;

const byProtocol = `import { defineRules, deny, forward, inspect } from 'tidegate/rules';
export default defineRules({
  connect(conn) {
    if (conn.client.address === '198.51.100.1') return deny();
    if (conn.client.port === 6) return forward('webb');
    if (conn.client.port === 7) throw new Error('on purpose');
    if (conn.bytes === null) return inspect(4, conn.client.in('office') ? { timeout: '1s' } : {});
    const text = new TextDecoder().decode(conn.bytes);
    if (text === '' || text.startsWith('SSH-')) return forward('ssh');
    if (conn.bytes.length < 4) return inspect(4);
    if (text.startsWith('BIG')) return inspect(20000);
  },
});
`;

const dns = `import { defineRules, forward, next } from 'tidegate/rules';
export default defineRules({ connect: (conn) => (conn.bytes?.[0] === 7 ? forward('ssh') : next()) });
`;

let project: Awaited<ReturnType<typeof projectFolder>>;
beforeAll(async () => {
  project = await projectFolder({
    'tidegate.config.yaml': config,
    'by-protocol.ts': byProtocol,
    'dns.ts': dns,
  });
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

const shared = 'tcp://127.0.0.1:4000';
const names = 'tcp://127.0.0.1:4105';
const rdpRequest = `hex:${Buffer.from('\x03\0\0\x29\x24\xe0\0\0\0\0\0Cookie: mstshash=alice\r\n\x01\0\x08\0', 'latin1').toString('hex')}`;

test.for([
  [
    'the first bytes tell the protocol',
    [shared, '--bytes', 'SSH-2.0-x'],
    [
      'inspect 4 bytes, at by-protocol.ts:7:',
      'forward to ssh, at by-protocol.ts:9:',
      'it has seen 9 bytes',
      '→ goes to 127.0.0.1:9022 (upstream ssh)',
    ],
  ],
  [
    'a client that says nothing',
    [shared, '--client', '192.0.2.9'],
    ['the client sends nothing (--bytes): asked again when it ends, or after 1s', 'goes to 127.0.0.1:9022'],
  ],
  [
    'one that says too little',
    [shared, '--bytes', 'hi'],
    ['the client sends 2 bytes: asked again when it ends, or after 3s', 'closed: the rule asks for 4 bytes'],
  ],
  [
    'one that the rule leaves to the listener',
    [shared, '--bytes', 'GET / HTTP/1.1'],
    [
      'next',
      'the listener has no routes',
      "the listener's `upstream`",
      'goes to 127.0.0.1:9001 (upstream web)',
    ],
  ],
  [
    'more than the limit',
    [shared, '--bytes', 'BIG request'],
    ["more than the listener's limits.inspect of 16KiB"],
  ],
  [
    'a rule denies',
    [shared, '--client', '198.51.100.1'],
    ['deny, at by-protocol.ts:4:', '→ closed: the rule denied it'],
  ],
  ['a rule names no upstream', [shared, '--client', '192.0.2.1:6'], ['"webb" does not exist', '→ closed: ']],
  [
    'a rule throws',
    [shared, '--client', '[2001:db8::1]:7'],
    ['on purpose', 'by-protocol.ts:6', '→ closed: '],
  ],
  [
    'a route by name, of a port in the range',
    [names, '--server-name', 'a.example.com'],
    [
      'names (tcp, 127.0.0.1:4100-4110)',
      'acl',
      'server name a.example.com',
      'routes[2]: the most specific row that fits',
      'routes[1]: mqtt is not offered by ALPN',
      'goes to 127.0.0.1:9022',
    ],
  ],
  [
    'a route by protocol',
    [names, '--server-name', 'a.example.com', '--alpn', 'h2', '--alpn', 'mqtt'],
    ['ALPN h2, mqtt', 'routes[1]', 'upstream web'],
  ],
  [
    'no backend takes it',
    [names, '--server-name', 'DB.example.com'],
    ['routes[0]', '127.0.0.1:9032: weight 0, takes no new connections', '→ closed: no backend of "db"'],
  ],
  [
    'no route fits',
    [names, '--bytes', 'SSH-2.0-x'],
    ['the first bytes are no ClientHello', 'none fits', '→ closed: no rule and no route places it'],
  ],
  [
    'another upstream stands in',
    ['tcp://127.0.0.1:4400'],
    ['9062: weight 0, takes no new', 'it stands in for none', 'goes to 127.0.0.1:9022 (upstream ssh)'],
  ],
  [
    'an upstream that stands in, for a session',
    ['udp://127.0.0.1:5302'],
    ['9062: weight 0, takes no new', 'it stands in for none', 'goes to 127.0.0.1:9022 (upstream ssh)'],
  ],
  [
    'a name that nothing looks for',
    ['tcp://127.0.0.1:4200', '--server-name', 'a.test'],
    ['not looked for', 'on port 4200, which the client connected to', 'goes to 127.0.0.1:9042'],
  ],
  [
    'a cookie of RDP',
    ['tcp://127.0.0.1:4300', '--bytes', rdpRequest],
    ['maglev picks it of 2 for the key "alice"'],
  ],
  [
    'no cookie',
    ['tcp://127.0.0.1:4300'],
    ['without a key (rdp-cookie(mstshash)); later connections get the others'],
  ],
  [
    'a datagram',
    ['udp://127.0.0.1:5300', '--bytes', 'hex:07'],
    ['forward to ssh, at dns.ts:2:', 'goes to 127.0.0.1:9022'],
  ],
  [
    'one that the client places',
    ['udp://127.0.0.1:5300'],
    ['next', "the client's address and port choose it of 2", 'goes to 127.0.0.1:900'],
  ],
  [
    'one that is scheduled by itself',
    ['udp://127.0.0.1:5301'],
    ['each datagram is scheduled by itself', 'weighted-round-robin picks it first of 2'],
  ],
] as const)('%s', async ([, args, parts]) => {
  const { status, stdout, stderr } = await runHere(project.path, register, 'explain', ...args);
  expect(stderr).toBe('');
  let from = 0;
  for (const part of parts) {
    const at = stdout.indexOf(part, from);
    expect(at, `${part} in\n${stdout}`).toBeGreaterThanOrEqual(0);
    from = at;
  }
  expect(status).toBe(0);
});

test('a real ClientHello is read from its bytes', async () => {
  const hello = await clientHello({ servername: 'db.example.com' });
  const bytes = `base64:${hello.toString('base64')}`;
  const { stdout } = await runHere(project.path, register, 'explain', names, '--bytes', bytes);
  expect(stdout).toContain('server name db.example.com');
  const cut = `hex:${hello.subarray(0, 100).toString('hex')}`;
  expect((await runHere(project.path, register, 'explain', names, '--bytes', cut)).stdout).toContain(
    'after 100 bytes there is no whole ClientHello',
  );
});

test('--json gives the same to scripts', async () => {
  const args = ['explain', names, '--server-name', 'a.example.com', '--client', '192.0.2.1:4000', '--json'];
  const { stdout } = await runHere(project.path, register, ...args);
  expect(JSON.parse(stdout)).toMatchObject({
    connection: { url: names, clientAddress: '192.0.2.1', clientPort: 4000 },
    steps: [
      { step: 'listener' },
      { step: 'plugins', text: 'acl' },
      { step: 'tls', details: ['server name a.example.com', 'nothing offered by ALPN'] },
      { step: 'rule', text: 'none' },
      { step: 'route', text: 'routes[2]' },
      { step: 'upstream', text: 'ssh' },
      { step: 'backend', text: '127.0.0.1:9022' },
    ],
    outcome: { kind: 'forward', upstream: 'ssh', backend: '127.0.0.1:9022' },
  });
});

test.for([
  [['tcp://127.0.0.1:1'], 'no listener for tcp has port 1; name one with --listener: '],
  [['udp://127.0.0.1:4000'], 'no listener for udp has port 4000'],
  [[shared, '--listener', 'http'], 'listener http speaks http, not tcp'],
  [[names, '--server-name', 'a.test', '--bytes', 'x'], 'begins either with --bytes or with the ClientHello'],
] as const)('%j cannot be explained', async ([args, message]) => {
  const { status, stdout, stderr } = await runHere(project.path, register, 'explain', ...args);
  expect(stderr).toContain(message);
  expect(stdout).toBe('');
  expect(status).toBe(1);
});

test('a script that cannot be loaded is reported as by check', async () => {
  await using broken = await projectFolder({
    'tidegate.config.yaml': config,
    'by-protocol.ts': 'export default 1;',
    'dns.ts': dns,
  });
  const { status, stderr } = await runCli(broken.path, 'explain', shared);
  expect(stderr).toContain('the script must `export default defineRules({ … })`');
  expect(status).toBe(1);
});

test.for([
  [['udp://127.0.0.1:5300', '--alpn', 'h2'], '--server-name and --alpn are for tcp://'],
  [[shared, '-H', 'a: b'], '--header and --variable are for requests'],
  [['GET', 'http://127.0.0.1:8080/', '--bytes', 'a'], 'are for tcp:// and udp://'],
  [['GET', 'http://127.0.0.1:8080/', '--client', '127.0.0.1:1'], 'are for tcp:// and udp://'],
] as const)('wrong usage ends with 2: %j', async ([args, message]) => {
  const { status, stderr } = await runCli(project.path, 'explain', ...args);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});
