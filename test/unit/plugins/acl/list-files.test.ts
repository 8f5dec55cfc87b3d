import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import acl from '../../../../plugins/builtin/acl/acl.ts';
import { testPlugin, type TestedPlugin } from '../../../../plugins/testing.ts';
import { countryDatabase } from '../../../support/country-database.ts';
import { poll } from '../../../support/poll.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-acl-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array): Promise<void> =>
  writeFile(join(folder, name), content);
const statusOf = async (tested: TestedPlugin, client: string): Promise<number | null> =>
  (await tested.request({ client })).status;

const options = { lists: { spam: { file: 'spam.txt' } }, deny: ['@spam'] };

describe('list files of acl', () => {
  test('have an address or a range in each line, and comments', async () => {
    await write(
      'spam.txt',
      '# spammers\r\n192.0.2.1\r\n\n  198.51.100.0/24 ; SBL1\n2001:db8::/32#x\n203.0.113.9',
    );
    await using tested = await testPlugin(acl, options, { folder });
    for (const client of ['192.0.2.1', '198.51.100.77', '2001:db8::1', '203.0.113.9'])
      expect(await statusOf(tested, client)).toBe(403);
    expect(await statusOf(tested, '192.0.2.2')).toBe(200);
    expect(tested.status()).toMatchObject({ 'list spam': 4 });
  });

  test('are read again when they change', async () => {
    await write('spam.txt', '192.0.2.1\n');
    await using tested = await testPlugin(acl, options, { folder });
    await write('spam.txt', '192.0.2.2\n');
    tested.fileChanged('spam.txt');
    await poll(async () => (await statusOf(tested, '192.0.2.2')) === 403);
    expect(await statusOf(tested, '192.0.2.1')).toBe(200);
  });

  test('with a bad line are refused by file and line; the old list goes on', async () => {
    await write('spam.txt', '192.0.2.1\nnobody\n');
    await expect(testPlugin(acl, options, { folder })).rejects.toThrow(
      `${join(folder, 'spam.txt')}:2: expected an IP address or a CIDR block like "10.0.0.0/8", found "nobody"`,
    );
    await write('spam.txt', '192.0.2.1\n');
    await using tested = await testPlugin(acl, options, { folder });
    await write('spam.txt', '192.0.2.2\n192.0.2.0/40\n');
    tested.fileChanged('spam.txt');
    const line = await poll(() => tested.logs.find(({ level }) => level === 'error'));
    expect(line.fields).toMatchObject({ reason: expect.stringContaining('spam.txt:2: expected') });
    expect(await statusOf(tested, '192.0.2.1')).toBe(403);
    expect(await statusOf(tested, '192.0.2.2')).toBe(200);
  });

  test('that are missing are refused; one that goes away counts on', async () => {
    await expect(testPlugin(acl, options, { folder })).rejects.toThrow('ENOENT');
    await write('spam.txt', '192.0.2.1\n');
    await using tested = await testPlugin(acl, options, { folder });
    await rm(join(folder, 'spam.txt'));
    tested.fileChanged('spam.txt');
    await poll(() => tested.logs.some(({ level }) => level === 'error'));
    expect(await statusOf(tested, '192.0.2.1')).toBe(403);
  });

  test('a change while they are read is not missed', async () => {
    await write('spam.txt', '192.0.2.1\n');
    await using tested = await testPlugin(acl, options, { folder });
    await write('spam.txt', '192.0.2.2\n');
    tested.fileChanged('spam.txt');
    await write('spam.txt', '192.0.2.3\n');
    tested.fileChanged('spam.txt');
    await poll(async () => (await statusOf(tested, '192.0.2.3')) === 403);
  });

  test('100,000 entries never hold up the event loop for 20 ms', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => {
      const n = (i * 7919) % 100_000;
      return i % 2 === 0
        ? `${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0/25`
        : `2001:${n.toString(16)}::/48`.replace('2001:1', '2002:1').slice(0, 40);
    });
    await write('spam.txt', lines.filter((line) => !/:[0-9a-f]{5,}:/.test(line)).join('\n'));
    // CPU time of this thread: what else the machine does does not count
    const turns: number[] = [];
    let before = process.threadCpuUsage();
    let isLoading = true;
    const look = (): void => {
      const { user, system } = process.threadCpuUsage(before);
      turns.push((user + system) / 1000);
      before = process.threadCpuUsage();
      if (isLoading) setImmediate(look);
    };
    setImmediate(look);
    await using tested = await testPlugin(acl, options, { folder });
    isLoading = false;
    expect(Number(tested.status()['list spam'])).toBeGreaterThan(50_000);
    expect(turns.length).toBeGreaterThan(5);
    expect(Math.max(...turns)).toBeLessThan(20);
  });
});

describe('countries of acl', () => {
  const byCountry = {
    countries: { file: 'countries.mmdb' },
    rules: [{ decision: 'deny', countries: ['XA', 'unknown'] }],
    default: 'allow',
  };

  test('are those of the database, which is read again when it changes', async () => {
    await write('countries.mmdb', countryDatabase({ '192.0.2.0/24': 'XA', '198.51.100.0/24': 'XB' }));
    await using tested = await testPlugin(acl, byCountry, { folder });
    expect(await statusOf(tested, '192.0.2.7')).toBe(403);
    expect(await statusOf(tested, '::ffff:192.0.2.7')).toBe(403);
    expect(await statusOf(tested, '198.51.100.7')).toBe(200);
    for (const client of ['203.0.113.1', 'unknown', 'fe80::1%eth0'])
      expect(await statusOf(tested, client)).toBe(403);
    await write('countries.mmdb', countryDatabase({ '192.0.2.0/24': 'XB' }));
    tested.fileChanged('countries.mmdb');
    await poll(async () => (await statusOf(tested, '192.0.2.7')) === 200);
  });

  test('a file that is no database is refused', async () => {
    await write('countries.mmdb', 'not one');
    await expect(testPlugin(acl, byCountry, { folder })).rejects.toThrow(
      `${join(folder, 'countries.mmdb')}: this is no MaxMind database`,
    );
  });
});
