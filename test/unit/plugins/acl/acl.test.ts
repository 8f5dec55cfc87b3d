import { describe, expect, test } from 'vitest';
import acl from '../../../../plugins/builtin/acl/acl.ts';
import { testPlugin, type TestPluginRequest } from '../../../../plugins/testing.ts';

const inside = { client: '10.1.2.3' };
const outside = { client: '203.0.113.7' };

describe('acl', () => {
  test('refuses what is in `deny` with 403, and says so in the access log', async () => {
    await using tested = await testPlugin(acl, { deny: ['203.0.113.0/24'] });
    const denied = await tested.request(outside);
    expect([denied.status, denied.text, denied.request]).toEqual([403, 'Forbidden\n', null]);
    expect(denied.log).toEqual({ acl: 'denied: deny' });
    expect((await tested.request(inside)).status).toBe(200);
    expect(tested.status()).toEqual({ allowed: 1, denied: 1, dropped: 0, logged: 0 });
  });

  test.each<[string, object, TestPluginRequest, number]>([
    ['nothing is denied without options', {}, outside, 200],
    ['with `allow`, all others are denied', { allow: ['10.0.0.0/8'] }, outside, 403],
    ['with `allow`, those in it are not', { allow: ['10.0.0.0/8'] }, inside, 200],
    ['`deny` comes before `allow`', { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, inside, 403],
    ['the default may be said', { allow: ['10.0.0.0/8'], default: 'allow' }, outside, 200],
    ['the default may be said: deny', { default: 'deny' }, outside, 403],
    [
      'the first rule that fits decides',
      {
        rules: [
          { decision: 'allow', addresses: ['203.0.113.7'] },
          { decision: 'deny', addresses: ['203.0.113.0/24'] },
        ],
        default: 'allow',
      },
      outside,
      200,
    ],
    [
      'rules come before `deny`',
      { rules: [{ decision: 'allow', addresses: ['203.0.113.7'] }], deny: ['0.0.0.0/0'], default: 'deny' },
      outside,
      200,
    ],
    [
      'an IPv4 client on a dual-stack socket',
      { deny: ['203.0.113.0/24'] },
      { client: '::ffff:203.0.113.7' },
      403,
    ],
    ['IPv6', { deny: ['2001:db8::/32'] }, { client: '2001:db8:1::1' }, 403],
    ['no address is in no list', { allow: ['0.0.0.0/0', '::/0'] }, { client: 'unknown' }, 403],
    ['a named list', { lists: { office: ['10.0.0.0/8'] }, allow: ['@office'] }, inside, 200],
    ['a named list, and others', { lists: { office: ['10.0.0.0/8'] }, allow: ['@office'] }, outside, 403],
  ])('%s', async (_, options, request, status) => {
    await using tested = await testPlugin(acl, options);
    expect((await tested.request(request)).status).toBe(status);
  });

  test.each<[object, TestPluginRequest, boolean]>([
    [{ methods: ['POST', 'PUT'] }, { method: 'POST' }, true],
    [{ methods: ['POST', 'PUT'] }, { method: 'GET' }, false],
    [{ paths: ['/admin/*'] }, { url: '/admin/users?x' }, true],
    [{ paths: ['/admin/*'] }, { url: '/%61dmin/users' }, true],
    [{ paths: ['/admin/*'] }, { url: '/administrator' }, false],
    [{ paths: ['/status'] }, { url: '/status?full' }, true],
    [{ paths: ['/status'] }, { url: '/status/x' }, false],
    [{ hosts: ['*.example.com'] }, { url: 'http://a.example.com:8080/' }, true],
    [{ hosts: ['*.example.com'] }, { url: 'http://example.com/' }, false],
    [{ hosts: ['Example.com'] }, { url: 'http://example.com/' }, true],
    [{ serverNames: ['a.example.com'] }, { url: 'https://a.example.com/' }, true],
    [{ serverNames: ['a.example.com'] }, { url: 'http://a.example.com/' }, false],
    [{ headers: { 'X-Scanner': true } }, { headers: { 'x-scanner': '1' } }, true],
    [{ headers: { 'x-scanner': true } }, {}, false],
    [{ headers: { 'user-agent': false } }, {}, true],
    [{ headers: { 'user-agent': '*curl/*' } }, { headers: { 'user-agent': 'curl/8' } }, true],
    [{ headers: { 'user-agent': '*a*b' } }, { headers: { 'user-agent': 'xaxbxb' } }, true],
    [{ headers: { 'user-agent': 'ab*ba' } }, { headers: { 'user-agent': 'aba' } }, false],
    [{ headers: { 'user-agent': 'curl' } }, { headers: { 'user-agent': 'curl/8' } }, false],
    [{ methods: ['POST'], paths: ['/a'] }, { method: 'POST', url: '/b' }, false],
    [{ methods: ['POST'], paths: ['/a'] }, { method: 'POST', url: '/a' }, true],
    [{}, {}, true],
  ])('a rule with %j for %j: %s', async (conditions, request, fits) => {
    await using tested = await testPlugin(acl, {
      rules: [{ decision: 'deny', ...conditions }],
      default: 'allow',
    });
    expect((await tested.request(request)).status).toBe(fits ? 403 : 200);
  });

  test('a rule may answer otherwise, log only, or drop', async () => {
    await using tested = await testPlugin(acl, {
      rules: [
        { decision: 'log', name: 'from outside', addresses: ['203.0.113.0/24'] },
        { decision: 'deny', paths: ['/teapot'], answer: { status: 418, text: 'no\n' } },
        { decision: 'deny', name: 'scanners', paths: ['/wp-login'], answer: 'drop' },
      ],
      default: 'allow',
    });
    const answered = await tested.request({ ...outside, url: '/teapot' });
    expect([answered.status, answered.text]).toEqual([418, 'no\n']);
    expect(answered.log).toEqual({ acl: 'denied: rule 2', aclLog: 'from outside' });
    const dropped = await tested.request({ url: '/wp-login' });
    expect([dropped.status, dropped.request, dropped.log]).toEqual([null, null, { acl: 'denied: scanners' }]);
    expect((await tested.request(outside)).status).toBe(200);
  });

  test('dryRun refuses nothing, and says what it would have refused', async () => {
    await using tested = await testPlugin(acl, { deny: ['203.0.113.0/24'], dryRun: true, answer: 'drop' });
    const { status, log } = await tested.request(outside);
    expect([status, log]).toEqual([200, { acl: 'would deny: deny' }]);
    expect(tested.status()).toMatchObject({ denied: 1 });
  });

  test('goes by the client that trusted proxies name, or by the connection', async () => {
    const through = { client: '203.0.113.7' };
    for (const [address, status] of [
      ['client', 403],
      ['connection', 200],
    ]) {
      await using tested = await testPlugin(acl, { deny: ['203.0.113.0/24'], address });
      const connection = tested.connection({ address: '10.0.0.1' });
      expect((await tested.request({ ...through, connection })).status).toBe(status);
    }
  });

  test.each<[unknown, string]>([
    [{ deny: ['10.0.0.0/33'] }, 'options.deny.0: expected an address, a range like "10.0.0.0/8", or "@NAME"'],
    [{ deny: '10.0.0.0/8' }, 'options.deny: expected a list, found "10.0.0.0/8"'],
    [{ deny: ['@office'] }, 'options.deny.0: there is no list "office" in `lists`'],
    [{ deny: ['@constructor'] }, 'there is no list "constructor"'],
    [{ denny: [] }, 'unknown key `denny`; did you mean `deny`?'],
    [{ rules: [{ decision: 'deny' }] }, 'options.default: missing'],
    [
      { rules: [{ decision: 'block' }], default: 'allow' },
      'expected one of "allow", "deny", "log", found "block"',
    ],
    [
      { rules: [{ decision: 'deny', paths: ['admin'] }], default: 'allow' },
      'options.rules.0.paths.0: expected a path',
    ],
    [
      { rules: [{ decision: 'deny', methods: ['get'] }], default: 'allow' },
      'expected a method like "GET", found "get"',
    ],
    [{ rules: [{ decision: 'deny', headers: { 'a b': 'x' } }], default: 'allow' }, 'options.rules.0.headers'],
    [
      { rules: [{ decision: 'deny', countries: ['DE'] }], default: 'allow' },
      'says nothing without a database',
    ],
    [{ answer: 403 }, 'options.answer: expected "drop", or an object with `status` and `text`, found 403'],
    [{ lists: { bad: ['x'] } }, 'options.lists.bad'],
  ])('refuses the options %j', async (options, message) => {
    await expect(testPlugin(acl, options)).rejects.toThrow(message);
  });
});
