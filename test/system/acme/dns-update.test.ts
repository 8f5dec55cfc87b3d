import { X509Certificate } from 'node:crypto';

import { expect, test } from 'vitest';
import { Dns01Solver } from '../../../certs/dns-01.ts';
import { createDnsSolver } from '../../../certs/dns-solver.ts';
import { DnsUpdateProvider } from '../../../certs/dns-update.ts';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { knotKey, startKnot } from '../../support/knot.ts';
import { startPebble } from '../../support/pebble.ts';

const algorithms = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;

test('a name and its wildcard are shown by updates of the zone, which is left as it was', async () => {
  const knot = await startKnot(['example.test']);
  const pebble = await startPebble({ dnsServer: `127.0.0.1:${knot.port}` });
  const server = { host: '127.0.0.1', port: knot.port };
  const solver = createDnsSolver(
    { kind: 'update', server, zone: null, tsig: knotKey, ttl: 60, propagationTimeoutMs: 10_000 },
    server,
  );
  const { issuer, lines } = await testIssuer(pebble, { solvers: [solver] });
  const { cert } = await issuer.obtain(
    requestFor(['example.test', '*.example.test', 'deep.down.example.test'], { challenges: ['dns-01'] }),
    notAborted,
  );
  expect(new X509Certificate(cert).subjectAltName).toContain('DNS:*.example.test');
  expect(await knot.txt('_acme-challenge.example.test')).toEqual([]);
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
});

test('a CNAME record leads to where the answer is written', async () => {
  const alias = '_acme-challenge.www.example.test. 60 CNAME www.answers.example.test.\n';
  const knot = await startKnot(['example.test'], 'hmac-sha256', alias);
  const pebble = await startPebble({ dnsServer: `127.0.0.1:${knot.port}` });
  const server = { host: '127.0.0.1', port: knot.port };
  const written: string[] = [];
  const provider = new DnsUpdateProvider({
    kind: 'update',
    server,
    zone: null,
    tsig: knotKey,
    ttl: 60,
    propagationTimeoutMs: 10_000,
  });
  const add = provider.add.bind(provider);
  provider.add = async (name, value, signal) => {
    written.push(name);
    await add(name, value, signal);
  };
  const { issuer } = await testIssuer(pebble, { solvers: [new Dns01Solver(provider, 10_000, server)] });
  await issuer.obtain(requestFor(['www.example.test'], { challenges: ['dns-01'] }), notAborted);
  expect(written).toEqual(['www.answers.example.test']);
});

test.each(algorithms)('updates are signed with %s', async (algorithm) => {
  const knot = await startKnot(['example.test'], algorithm);
  const provider = new DnsUpdateProvider({
    kind: 'update',
    server: { host: '127.0.0.1', port: knot.port },
    zone: 'example.test',
    tsig: { ...knotKey, algorithm },
    ttl: 60,
    propagationTimeoutMs: 10_000,
  });
  const name = '_acme-challenge.example.test';
  await provider.add(name, 'one', notAborted);
  await provider.add(name, 'two', notAborted);
  await provider.remove(name, 'one', notAborted);
  expect(await knot.txt(name)).toEqual(['two']);
});

test.each([
  ['a wrong secret', { secret: 'AAAA' }, 'BADSIG'],
  ['an unknown key', { name: 'stranger.key' }, 'BADKEY'],
])('%s is told apart', async (_, change, complaint) => {
  const knot = await startKnot(['example.test']);
  const provider = new DnsUpdateProvider({
    kind: 'update',
    server: { host: '127.0.0.1', port: knot.port },
    zone: 'example.test',
    tsig: { ...knotKey, ...change },
    ttl: 60,
    propagationTimeoutMs: 10_000,
  });
  const name = '_acme-challenge.example.test';
  await expect(provider.add(name, 'one', notAborted)).rejects.toThrow(complaint);
  expect(await knot.txt(name)).toEqual([]);
});

test('a zone that the server does not have is told', async () => {
  const knot = await startKnot(['example.test']);
  const config = {
    kind: 'update' as const,
    server: { host: '127.0.0.1', port: knot.port },
    zone: 'other.test',
    tsig: knotKey,
    ttl: 60,
    propagationTimeoutMs: 10_000,
  };
  const name = '_acme-challenge.other.test';
  await expect(new DnsUpdateProvider(config).add(name, 'one', notAborted)).rejects.toThrow('other.test');
  await expect(new DnsUpdateProvider({ ...config, zone: null }).add(name, 'one', notAborted)).rejects.toThrow(
    name,
  );
});
