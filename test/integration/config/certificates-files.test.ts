import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { authorityFile } from '../../support/certificates.ts';
import { configFolder } from '../../support/config-folder.ts';

const account = { keyId: 'k', hmacKey: { file: './hmac' } };

async function load(acme: object, files: Readonly<Record<string, string>> = {}) {
  const listeners = [{ name: 'secure', protocol: 'https', address: ':8443' }];
  const certificates = { acme: { domains: ['a.test'], ...acme } };
  const folder = await configFolder({ ...files, 'c.json': JSON.stringify({ listeners, certificates }) });
  const result = await loadConfig(join(folder, 'c.json'));
  const problems = result.ok
    ? []
    : result.problems.map(({ path, message }) => `${path}: ${message.replaceAll(folder, '.')}`);
  return { result, problems, inputs: result.inputs.map((input) => input.replace(folder, '.')) };
}

test('a secret is what its file or environment variable holds, and the file is watched', async () => {
  process.env['TIDEGATE_TEST_TSIG'] = 'dGhlIGtleQ==';
  const dns = {
    type: 'update',
    server: '127.0.0.1:53',
    tsig: { name: 'k.test', secret: { env: 'TIDEGATE_TEST_TSIG' } },
  };
  const { result, inputs } = await load({ externalAccount: account, dns }, { hmac: 'the-key\n' });
  delete process.env['TIDEGATE_TEST_TSIG'];
  const order = result.ok ? result.config.certificates?.managed[0]?.order : undefined;
  expect(order?.issuers[0]?.externalAccount).toEqual({ keyId: 'k', hmacKey: 'the-key' });
  expect(order?.dns).toMatchObject({ tsig: { secret: 'dGhlIGtleQ==' } });
  expect(inputs).toContain('./hmac');
});

test('a secret that is not there', async () => {
  const env = { keyId: 'k', hmacKey: { env: 'TIDEGATE_TEST_UNSET' } };
  const fallback = [{ directory: 'https://b.test/dir', externalAccount: account }];
  const { problems, inputs } = await load({ externalAccount: env, fallback });
  expect(problems).toEqual([
    'certificates.acme.externalAccount.hmacKey.env: expected an environment variable that is set, found none: TIDEGATE_TEST_UNSET',
    'certificates.acme.fallback[0].externalAccount.hmacKey.file: expected a file with the secret, found no such file: ./hmac',
  ]);
  expect(inputs).toContain('./hmac');
  expect((await load({ externalAccount: account }, { hmac: ' \n' })).problems).toEqual([
    'certificates.acme.externalAccount.hmacKey.file: expected a file with the secret, found an empty one: ./hmac',
  ]);
});

test('authorities of the CA', async () => {
  expect((await load({ caFile: authorityFile })).problems).toEqual([]);
  expect((await load({ caFile: './ca.pem' }, { 'ca.pem': 'nothing' })).problems).toEqual([
    'certificates.acme.caFile: expected certificates of authorities, found no certificate in PEM: ./ca.pem',
  ]);
});
