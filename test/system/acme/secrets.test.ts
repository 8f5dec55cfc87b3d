import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPebble } from '../../support/pebble.ts';
import { issuedSerial, runProxy } from './proxy.ts';

test('keys are readable for their owner alone, and neither they nor the tokens of challenges are ever logged', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble, {
    acme: { domains: ['example.test'], keyTypes: ['ecdsa-p256', 'rsa-2048'] },
    certificates: { selfSigned: ['dev.test'], onDemand: { ask: ['*.shop.test'] } },
    top: { log: { level: 'trace', access: { file: './access.log' } } },
  });
  await issuedSerial(pebble.tlsPort);
  await issuedSerial(pebble.tlsPort, 'a.shop.test');
  const folder = join(proxy.folder, 'certificates-data');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const secrets: string[] = [];
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    expect([path, (await stat(path)).mode & 0o777]).toEqual([path, entry.isDirectory() ? 0o700 : 0o600]);
    if (entry.isFile()) secrets.push(...secretsIn(await readFile(path, 'utf8')));
  }
  // The keys of the account, of three certificates and of the local root.
  expect(secrets.length).toBeGreaterThanOrEqual(5);
  const tokens = [...pebble.log().matchAll(/acme-challenge\/([\w-]+)/g)].map(([, token = '']) => token);
  expect(tokens.length).toBeGreaterThan(2);
  const log = proxy.lines.map((line) => JSON.stringify(line)).join('\n') + proxy.stderr;
  const file = await readFile(join(proxy.folder, 'access.log'), 'utf8');
  expect(file).toContain('acme-challenge');
  for (const text of [log, file]) {
    expect(text).not.toContain('PRIVATE KEY');
    for (const secret of [...secrets, ...tokens]) expect(text).not.toContain(secret);
  }
});

/** The first line of each key: a whole one would be found by less. */
function secretsIn(text: string): string[] {
  return [...text.matchAll(/BEGIN [A-Z ]*PRIVATE KEY-----(?:\r?\n|\\n)([\w+/=]{40})/g)].map(
    ([, line = '']) => line,
  );
}
