import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

const certificates = [{ cert: 'a.pem', key: 'a.key' }];

function findings(tls: unknown, protocol: string | undefined = 'https'): string[] {
  return findingsIn(contentWith({ listener: { protocol, tls } }));
}

test('https and tls belong together', () => {
  expect(findings({ certificates })).toEqual([]);
  expect(findings(undefined)).toEqual([
    'listeners[0]: missing: expected `tls` with `certificates` for protocol "https", or `certificates` at the top level',
  ]);
  expect(findings({ policy: 'modern' })).toEqual([
    'listeners[0].tls: missing: expected `certificates`, here or at the top level',
  ]);
  expect(findings({ certificates }, 'http')).toEqual([
    'listeners[0].tls: expected `tls` with protocol "https" only, found protocol "http"',
  ]);
  expect(findings({ certificates: [] })).toEqual([
    'listeners[0].tls.certificates: expected at least one certificate, found none',
  ]);
});

test('an unknown policy, and one that OpenSSL does not know', () => {
  expect(findings({ certificates, policy: 'moddern' })).toEqual([
    'listeners[0].tls.policy: expected "modern", "intermediate" or an object of your own, found "moddern"; did you mean `modern`?',
  ]);
  expect(findings({ certificates, policy: { ciphers: ['AES128-GCM-SHA256', 'AES129'] } })).toEqual([
    'listeners[0].tls.policy.ciphers: expected cipher suites that OpenSSL knows, found "AES129"',
  ]);
  expect(findings({ certificates, policy: { groups: ['X25520'] } })).toEqual([
    'listeners[0].tls.policy.groups: expected groups that OpenSSL knows, found "X25520"',
  ]);
  expect(findings({ certificates, policy: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } })).toEqual([
    'listeners[0].tls.policy.minVersion: expected a version up to maxVersion (TLSv1.2), found "TLSv1.3"',
  ]);
});

test('names are host names, or wildcards of one label', () => {
  for (const name of ['a_b.test', '*.a.test', 'localhost', 'xn--bcher-kva.test'])
    expect(findings({ certificates: [{ cert: 'a', key: 'b', names: [name] }] })).toEqual([]);
  for (const name of ['a b', '*', '*.*.test', 'a.*.test', 'a..test', '-a.test', 'a.test:443', 'bücher.test'])
    expect(findings({ certificates: [{ cert: 'a', key: 'b', names: [name] }] })).toEqual([
      `listeners[0].tls.certificates[0].names[0]: expected a name like "example.com" or "*.example.com", found "${name}"`,
    ]);
});
