import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';
import { portOf } from './listen.ts';
import { poll } from './poll.ts';

export const knotKey = {
  name: 'tidegate.key',
  algorithm: 'hmac-sha256',
  secret: 'bTVQZ0x5WnJ1QnVpTmZqcE9pYnRkQ2t1VGVzdEtleTE=',
} as const;

/** An authoritative DNS server whose zones take updates with `knotKey`, until the test has finished. `records`: more lines for the zones. */
export async function startKnot(
  zones: readonly string[],
  algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512' = knotKey.algorithm,
  records = '',
): Promise<{
  readonly port: number;
  readonly txt: (name: string) => Promise<string[]>;
  /** As `kill -9` does. Resolves when it is gone. */
  readonly kill: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-knot-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  await mkdir(join(folder, 'run'));
  await mkdir(join(folder, 'db'));
  for (const zone of zones)
    await writeFile(
      join(folder, `${zone}.zone`),
      `${zone}. 60 SOA ns.${zone}. ops.${zone}. 1 60 60 600 1\n${zone}. 60 NS ns.${zone}.\nns.${zone}. 60 A 127.0.0.1\n*.${zone}. 60 A 127.0.0.1\n${zone}. 60 A 127.0.0.1\n${records}`,
    );
  const zoneLines = zones.map((zone) => `  - domain: ${zone}\n    file: ${zone}.zone\n    acl: updates\n`);
  await writeFile(
    join(folder, 'knot.conf'),
    `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}/run
database:
  storage: ${folder}/db
log:
  - target: stderr
    any: info
key:
  - id: ${knotKey.name}
    algorithm: ${algorithm}
    secret: ${knotKey.secret}
acl:
  - id: updates
    key: ${knotKey.name}
    action: update
template:
  - id: default
    storage: ${folder}
    zonefile-sync: -1
zone:
${zoneLines.join('')}`,
  );
  const child = spawn('knotd', ['--config', join(folder, 'knot.conf')], {
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  ended.catch(() => {});
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  await poll(() => Promise.all(zones.map((zone) => resolver.resolveSoa(zone))), 20_000);
  return {
    port,
    kill,
    txt: async (name) => {
      try {
        return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''));
      } catch {
        return [];
      }
    },
  };
}

/** For UDP and TCP. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}
