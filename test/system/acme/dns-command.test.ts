import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';
import type { ChallengeSolver } from '../../../certs/challenges.ts';
import { DnsCommandProvider } from '../../../certs/dns-command.ts';
import { createDnsSolver } from '../../../certs/dns-solver.ts';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { isAlive } from '../../support/is-alive.ts';
import { startPebble, type Pebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';

test('a wildcard is shown by a command, through a CNAME record', async () => {
  const pebble = await startPebble();
  await pebble.setCname('_acme-challenge.one.test', 'one.answers.test');
  const { command, ran } = await hook(pebble);
  const { issuer } = await testIssuer(pebble, { solvers: [solver(pebble, command)] });
  await issuer.obtain(requestFor(['*.one.test'], { challenges: ['dns-01'] }), notAborted);
  expect(await ran()).toEqual(['present one.answers.test', 'remove one.answers.test']);
});

test('a command that fails says why, and the CA is not asked', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble, {
    solvers: [solver(pebble, ['/bin/sh', '-c', 'echo no token for the API >&2; exit 3'])],
  });
  await expect(
    issuer.obtain(requestFor(['one.test'], { challenges: ['dns-01'] }), notAborted),
  ).rejects.toThrow(/exit status 3: no token for the API/);
  expect(pebble.log()).not.toContain('POST /chalZ/');
});

test('a command that changes nothing is found out, and the CA is not asked', async () => {
  const pebble = await startPebble();
  const { issuer } = await testIssuer(pebble, { solvers: [solver(pebble, ['/bin/true'])] });
  await expect(
    issuer.obtain(requestFor(['one.test'], { challenges: ['dns-01'] }), notAborted),
  ).rejects.toThrow(/expected the new TXT record of _acme-challenge.one.test/);
  expect(pebble.log()).not.toContain('POST /chalZ/');
});

test('a command that hangs is ended with what it has started', async () => {
  const folder = await temporaryFolder();
  const pidFile = join(folder, 'pid');
  const provider = new DnsCommandProvider({
    kind: 'command',
    command: ['/bin/sh', '-c', `sleep 600 & echo $! > ${pidFile}; wait`],
    timeoutMs: 500,
    propagationTimeoutMs: 1000,
  });
  await expect(provider.add('_acme-challenge.one.test', 'x', notAborted)).rejects.toThrow('within 0.5 s');
  const pid = Number(await readFile(pidFile, 'utf8'));
  await poll(() => !isAlive(pid));
});

function solver(pebble: Pebble, command: readonly string[]): ChallengeSolver {
  return createDnsSolver(
    { kind: 'command', command, timeoutMs: 20_000, propagationTimeoutMs: 1000 },
    { host: '127.0.0.1', port: pebble.dnsPort },
  );
}

/** Changes the records of Pebble's DNS server and writes down what it was called with. */
async function hook({ dnsManagement }: Pebble): Promise<{
  readonly command: readonly string[];
  readonly ran: () => Promise<string[]>;
}> {
  const folder = await temporaryFolder();
  const script = join(folder, 'hook.mjs');
  const calls = join(folder, 'calls');
  await writeFile(
    script,
    `import { appendFileSync } from 'node:fs';
const [action, name, value] = process.argv.slice(2);
appendFileSync(${JSON.stringify(calls)}, action + ' ' + name + '\\n');
const path = action === 'present' ? 'set-txt' : 'clear-txt';
await fetch('${dnsManagement}/' + path, { method: 'POST', body: JSON.stringify({ host: name + '.', value }) });
`,
  );
  return {
    command: [process.execPath, script],
    ran: async () => (await readFile(calls, 'utf8')).trim().split('\n'),
  };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-hook-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
