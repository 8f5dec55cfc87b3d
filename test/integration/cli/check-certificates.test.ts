import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { configFolder } from '../../support/config-folder.ts';
import { runCli } from './run-cli.ts';

const one = certificate('one');
const expired = certificate('expired');

function config(certificates: string, more = ''): string {
  return `listeners: [{ name: a, protocol: https, address: ":8443", tls: { certificates: [${certificates}]${more} } }]`;
}

test('certificates that can not be used are problems, each with its file', async () => {
  const folder = await configFolder({
    'c.yaml': config(
      [
        '{ cert: none.pem, key: one.key }',
        '{ cert: one.key, key: one.key }',
        '{ cert: one.pem, key: one.pem }',
        '{ cert: one.pem, key: expired.key }',
        '{ cert: one.pem, key: . }',
      ].join(', '),
    ),
    'one.pem': one.cert,
    'one.key': one.key,
    'expired.key': expired.key,
  });
  const { status, stderr } = await runCli(folder, 'check', '--config', 'c.yaml');
  expect(status).toBe(1);
  const file = (name: string): string => join(folder, name);
  expect(stderr.split('\n').slice(0, 5)).toEqual([
    `c.yaml listeners[0].tls.certificates[0].cert: expected a certificate, found no such file: ${file('none.pem')}`,
    `c.yaml listeners[0].tls.certificates[1].cert: expected a certificate in PEM: ${file('one.key')}`,
    `c.yaml listeners[0].tls.certificates[2].key: expected a private key in PEM, without passphrase: ${file('one.pem')}`,
    `c.yaml listeners[0].tls.certificates[3].key: expected the private key of ${file('one.pem')}, found another one: ${file('expired.key')}`,
    `c.yaml listeners[0].tls.certificates[4].key: expected a private key, found what is no regular file: ${folder}`,
  ]);
});

test('an expired certificate is a warning', async () => {
  const folder = await configFolder({
    'c.yaml': config('{ cert: site.pem, key: site.key }'),
    'site.pem': expired.cert,
    'site.key': expired.key,
  });
  const { status, stderr } = await runCli(folder, 'check', '--config', 'c.yaml');
  expect(stderr).toContain('warning: c.yaml listeners[0].tls.certificates: the certificate has expired (');
  expect(stderr).toContain(join(folder, 'site.pem'));
  expect(status).toBe(0);
});

test('a default that no certificate serves', async () => {
  const folder = await configFolder({
    'c.yaml': config('{ cert: site.pem, key: site.key }', ', default: other.test'),
    'site.pem': one.cert,
    'site.key': one.key,
  });
  const { stderr } = await runCli(folder, 'check', '--config', 'c.yaml');
  expect(stderr).toContain(
    'listeners[0].tls.default: expected a name that one of the certificates serves, found "other.test"',
  );
});
