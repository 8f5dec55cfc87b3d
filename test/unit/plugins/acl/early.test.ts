import { describe, expect, test } from 'vitest';
import acl from '../../../../plugins/builtin/acl/acl.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

const peer = { address: '203.0.113.7' };
const early = { answer: 'drop', address: 'connection' } as const;

describe('acl before there is a request', () => {
  test.each<[string, object, 'accept' | 'deny']>([
    ['drops who is denied by address alone', { ...early, deny: ['203.0.113.0/24'] }, 'deny'],
    ['lets others in', { ...early, deny: ['198.51.100.0/24'] }, 'accept'],
    ['drops who is not allowed', { ...early, allow: ['10.0.0.0/8'] }, 'deny'],
    [
      'waits for the request that is to be answered',
      { address: 'connection', deny: ['203.0.113.0/24'] },
      'accept',
    ],
    ['does not take a proxy for its clients', { answer: 'drop', allow: ['10.0.0.0/8'] }, 'accept'],
    [
      'waits where a request may still be allowed',
      {
        ...early,
        rules: [{ decision: 'allow', paths: ['/health'] }],
        deny: ['203.0.113.0/24'],
        default: 'allow',
      },
      'accept',
    ],
    [
      'does not wait where a request is denied one way or the other',
      { ...early, rules: [{ decision: 'deny', paths: ['/x'] }], deny: ['203.0.113.0/24'], default: 'allow' },
      'deny',
    ],
    [
      'is not stopped by rules that only log',
      { ...early, rules: [{ decision: 'log' }], deny: ['203.0.113.0/24'], default: 'allow' },
      'deny',
    ],
    ['drops nobody in a dry run', { ...early, deny: ['203.0.113.0/24'], dryRun: true }, 'accept'],
  ])('%s', async (_, options, expected) => {
    await using tested = await testPlugin(acl, options);
    expect(tested.connect(peer)).toBe(expected);
    expect(tested.tls({ serverName: 'a.example.com' }, peer)).toBe(expected);
  });

  test('the server name decides on the handshake', async () => {
    await using tested = await testPlugin(acl, {
      rules: [{ decision: 'deny', serverNames: ['*.internal.example'], answer: 'drop' }],
      default: 'allow',
    });
    expect(tested.tls({ serverName: 'a.Internal.example' })).toBe('deny');
    expect(tested.tls({ serverName: 'www.example.com' })).toBe('accept');
    expect(tested.tls({})).toBe('accept');
    expect(tested.connect()).toBe('accept');
    expect(tested.status()).toMatchObject({ dropped: 1 });
  });
});
