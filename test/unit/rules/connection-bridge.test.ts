import { expect, test } from 'vitest';
import type { RuleConnection } from '../../../core/shared/rule-script.ts';
import { decodeConnectResult } from '../../../rules/connection-bridge.ts';

const connection: RuleConnection = {
  listener: 'db',
  protocol: 'tcp',
  clientAddress: '203.0.113.7',
  clientPort: 50123,
  localAddress: '192.0.2.1',
  localPort: 5432,
  tls: '',
  bytes: 'abcd',
};

// What the runtime never writes, and a script that has taken its place may.
test.each([
  1,
  -1,
  null,
  undefined,
  {},
  'next',
  '',
  '[',
  '{}',
  '[]',
  '["next",0]',
  '["redirect",0,"/",302]',
  '["respond",0,200,[]]\nhello',
  '["forward",0]',
  '["forward",0,7,null,null]',
  '["forward",0,"a",7,null]',
  '["forward",0,"a",null,"highest"]',
  '["inspect",0]',
  '["inspect",0,"5",null]',
  '["inspect",0,4,null]',
  '["inspect",0,-5,null]',
  '["inspect",0,5.5,null]',
  '["inspect",0,1e300,null]',
  '["inspect",0,5,0]',
  '["inspect",0,5,1e300]',
  '["inspect",0,5,"2s"]',
])('%j is no decision about a connection', (result) => {
  expect(decodeConnectResult(result, connection)).toMatchObject({ ok: false });
});

test('a long key is cut, and none is none', () => {
  const decoded = (key: string) => {
    const result = decodeConnectResult(JSON.stringify(['forward', 0, 'a', key, null]), connection);
    return result.ok && result.value.kind === 'forward' ? result.value.key : null;
  };
  expect(decoded('k'.repeat(5000))).toHaveLength(4096);
  expect(decoded('')).toBeUndefined();
});

test('no script gets more than the one datagram of a session', () => {
  const session = { ...connection, protocol: 'udp' } as const;
  expect(decodeConnectResult('["inspect",0,5,null]', session)).toMatchObject({ ok: false });
  expect(decodeConnectResult('["inspect",0,5,null]', connection)).toMatchObject({ ok: true });
});
