import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { certificate } from '../../support/certificates.ts';
import { configFolder } from '../../support/config-folder.ts';

const [one, two] = [certificate('one'), certificate('two')];

function configWith(tls: string): string {
  return `listeners: [{ name: a, address: ':80' }]\nupstreams: { site: { tls: ${tls}, backends: [{ address: 'a.test:1' }] } }\n`;
}

test('PEM files are read for the workers, and watched', async () => {
  const folder = await configFolder({
    'c.yaml': configWith('{ ca: ./ca.pem, cert: ./a.pem, key: ./a.key }'),
    'ca.pem': two.cert,
    'a.pem': one.cert,
    'a.key': one.key,
  });
  const loaded = await loadConfig(join(folder, 'c.yaml'));
  expect(loaded).toMatchObject({
    ok: true,
    config: { upstreams: [{ tls: { ca: two.cert, cert: one.cert, key: one.key } }] },
  });
  expect(loaded.inputs).toEqual(['c.yaml', 'ca.pem', 'a.pem', 'a.key'].map((name) => join(folder, name)));
});

test.each([
  ['{ ca: ./none.pem }', 'tls.ca: expected PEM certificates, found no such file'],
  ['{ ca: ./c.yaml }', 'tls.ca: expected PEM certificates, found something else'],
  ['{ cert: ./a.key, key: ./a.key }', 'tls.cert: expected a PEM certificate, found something else'],
  ['{ cert: ./a.pem, key: ./a.pem }', 'tls.key: expected a PEM private key, found something else'],
  ['{ cert: ./a.pem, key: ./b.key }', 'tls.key: expected the key of `cert`, found another'],
])('%s: %s', async (tls, problem) => {
  const folder = await configFolder({
    'c.yaml': configWith(tls),
    'a.pem': one.cert,
    'a.key': one.key,
    'b.key': two.key,
  });
  const loaded = await loadConfig(join(folder, 'c.yaml'));
  expect(loaded.ok ? [] : loaded.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    expect.stringContaining(`upstreams.site.${problem}`),
  ]);
});
