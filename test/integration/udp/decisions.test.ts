import { describe, expect, test } from 'vitest';
import type { ConnectDecision, RuleConnection } from '../../../core/shared/rule-script.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { poll } from '../../support/poll.ts';
import { ruleScript } from '../../support/rule-script.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

async function withRule(decide: (connection: RuleConnection) => ConnectDecision) {
  const backends = [await echoBackend('b1'), await echoBackend('b2')];
  const [site, other] = backends.map(({ port }) => ({
    backends: [{ address: `127.0.0.1:${port}` }],
    healthCheck: false,
  }));
  const asked: RuleConnection[] = [];
  const path = new UdpTestPath({
    upstreams: { site, other },
    rules: ruleScript({
      connect(connection) {
        asked.push(connection);
        return decide(connection);
      },
    }),
  });
  return { path, asked, client: await UdpPeer.open() };
}

test('a rule is asked once for a session, with its first datagram, and says where it goes', async () => {
  const { path, asked, client } = await withRule(() => ({ kind: 'forward', upstream: 'other' }));
  expect((await client.ask('caf\u00e9', path.port)).text).toContain('b2');
  await client.ask('2', path.port);
  expect(asked).toEqual([
    {
      listener: 'test',
      protocol: 'udp',
      clientAddress: '127.0.0.1',
      clientPort: client.port,
      localAddress: '127.0.0.1',
      localPort: path.port,
      tls: '',
      bytes: 'caf\u00c3\u00a9',
    },
  ]);
});

describe('what a rule says no to is dropped, with one log entry for each datagram', () => {
  const cases: readonly { decision: ConnectDecision; end: string; error: string | null }[] = [
    { decision: { kind: 'deny' }, end: 'denied', error: null },
    { decision: { kind: 'fault', reason: 'it threw' }, end: 'failed', error: 'rule-fault' },
    { decision: { kind: 'inspect', bytes: 9, timeoutMs: null }, end: 'failed', error: 'rule-fault' },
    { decision: { kind: 'forward', upstream: 'nowhere' }, end: 'failed', error: 'rule-fault' },
  ];
  test.each(cases)('$decision.kind', async ({ decision, end, error }) => {
    const { path, client } = await withRule(() => decision);
    client.send('1', path.port);
    await poll(() => path.drops()['denied'] === 1);
    expect(path.entries).toMatchObject([{ end, error, decision: decisionText(decision), attempts: 0 }]);
    expect(path.counters.open).toBe(0);
  });
});

function decisionText(decision: ConnectDecision): string {
  return decision.kind === 'forward' ? `forward ${decision.upstream}` : decision.kind;
}

test('next: the listener’s own upstream', async () => {
  const { path, client } = await withRule(() => ({ kind: 'next' }));
  expect((await client.ask('1', path.port)).text).toBe('b1 1');
});

test('a plugin that denies is asked before the rule', async () => {
  const backend = await echoBackend('b1');
  const seen: string[] = [];
  const path = new UdpTestPath({
    backendPorts: [backend.port],
    rules: ruleScript({
      connect() {
        throw new Error('must not be asked');
      },
    }),
    plugins: chainOf(
      instanceOf({
        connect(connection) {
          seen.push(`${connection.address} ${connection.port} ${connection.localPort}`);
          return 'deny';
        },
      }),
    ),
  });
  const client = await UdpPeer.open();
  client.send('1', path.port);
  await poll(() => path.drops()['denied'] === 1);
  expect(seen).toEqual([`127.0.0.1 ${client.port} ${path.port}`]);
  expect(path.entries).toMatchObject([{ end: 'denied' }]);
  expect(backend.received).toEqual([]);
});

test('a bug costs the datagram that meets it, and nothing else', async () => {
  const { path, client } = await withRule(({ bytes }) => {
    if (bytes === 'deadly') throw new Error('a bug');
    return { kind: 'next' };
  });
  client.send('deadly', path.port);
  await poll(() => path.drops()['internal-error'] === 1);
  expect((await client.ask('1', path.port)).text).toBe('b1 1');
});
