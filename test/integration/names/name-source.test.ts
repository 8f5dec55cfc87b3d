import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { askFrom } from '../../../core/primary/names/name-source.ts';
import { startDnsServer, type DnsServer, type Zone } from '../../support/dns-server.ts';
import { sourcesOf } from '../../support/dns-sources.ts';

const name = 'api.internal';
const ipv6 = 'fd00:0:0:0:0:0:0:1';

async function server(zone?: Zone): Promise<DnsServer> {
  return startDnsServer(zone === undefined ? {} : { [name]: zone });
}

const ask = ({ port }: DnsServer) => askFrom(sourcesOf(port))(name);

test('both families are asked for, and the shortest TTL counts', async () => {
  expect(await ask(await server({ a: ['10.0.0.1', '10.0.0.2'], aaaa: [ipv6], ttl: 7 }))).toEqual({
    addresses: ['10.0.0.1', '10.0.0.2', 'fd00::1'],
    ttlMs: 7000,
    failed: null,
  });
});

test('an empty answer and a name that does not exist are answers: there is none', async () => {
  const none = { addresses: [], ttlMs: null, failed: null };
  expect(await ask(await server({}))).toEqual(none);
  expect(await ask(await server())).toEqual(none);
});

test.each([
  ['servfail', 'A: ESERVFAIL, AAAA: ESERVFAIL'],
  ['refused', 'A: EREFUSED, AAAA: EREFUSED'],
  ['silent', 'A: ETIMEOUT, AAAA: ETIMEOUT'],
] as const)('a server that fails (%s) has not said that there is none', async (fails, reason) => {
  expect(await ask(await server({ a: ['10.0.0.1'], fails }))).toEqual({
    addresses: [],
    ttlMs: null,
    failed: { families: [4, 6], reason },
  });
});

test('one family may fail while the other one is answered', async () => {
  const zone: Zone = { a: ['10.0.0.1'], fails: 'silent', failsOnly: 'aaaa' };
  expect(await ask(await server(zone))).toMatchObject({
    addresses: ['10.0.0.1'],
    failed: { families: [6], reason: 'AAAA: ETIMEOUT' },
  });
});

test('what is in the hosts file is not asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-hosts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const hostsFile = join(folder, 'hosts');
  await writeFile(
    hostsFile,
    '# 10.9.9.9 api.internal\n10.1.1.1\tother API.internal # ours\n::1 api.internal\n',
  );
  const dns = await server({ a: ['10.0.0.1'] });
  const answer = await askFrom({ ...sourcesOf(dns.port), hostsFile })(name);
  expect(answer).toEqual({ addresses: ['10.1.1.1', '::1'], ttlMs: null, failed: null });
  expect(dns.asked.size).toBe(0);
});

test('a name that DNS does not know is left to getaddrinfo, unless the servers are silent', async () => {
  const lookups: string[] = [];
  const lookup = (wanted: string) => {
    lookups.push(wanted);
    return Promise.resolve([{ address: '10.2.2.2' }]);
  };
  const unknown = await server();
  expect(await askFrom({ ...sourcesOf(unknown.port), lookup })(name)).toEqual({
    addresses: ['10.2.2.2'],
    ttlMs: null,
    failed: null,
  });
  const silent = await server({ fails: 'silent' });
  await askFrom({ ...sourcesOf(silent.port), lookup })(name);
  expect(lookups).toEqual([name]);
});

test('an answer of thousands of records comes whole, by TCP', async () => {
  const a = Array.from({ length: 3000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  expect((await ask(await server({ a }))).addresses).toHaveLength(3000);
});
