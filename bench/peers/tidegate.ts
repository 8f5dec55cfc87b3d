import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Command } from '../process/children.ts';
import type { Peer, PeerContext } from './peer.ts';

const cli = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));
export const benchRule = fileURLToPath(new URL('./tidegate-rule.ts', import.meta.url));

function tidegateVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}

/** `tidegate run` with a config, which is written beside as JSON. */
export async function tidegateCommand(folder: string, config: unknown): Promise<Command> {
  const file = path.join(folder, 'tidegate.config.json');
  await writeFile(file, JSON.stringify(config, null, 2));
  return { program: process.execPath, args: [cli, 'run', '--config', file] };
}

/** The config of the measured set-up: one worker, one listener, everything goes to the backend. `listener` adds to the listener. */
export function tidegateConfig(
  context: PeerContext,
  listener: Readonly<Record<string, unknown>> = {},
): unknown {
  const backends = [{ address: `127.0.0.1:${context.backendPort}` }];
  const upstream = context.traffic === 'grpc' ? { backends, protocol: 'h2c' } : { backends };
  return {
    listeners: [
      {
        name: 'web',
        ...protocolOf(context),
        address: `127.0.0.1:${context.port}`,
        upstream: 'site',
        ...listener,
      },
    ],
    upstreams: { site: upstream, beta: upstream },
    workers: 1,
    log: { level: 'warn', health: false },
  };
}

function protocolOf({ certificate, traffic }: PeerContext): Readonly<Record<string, unknown>> {
  if (traffic === 'tcp' || traffic === 'udp') return { protocol: traffic };
  if (certificate === null) return { protocol: 'http' };
  const { cert, key } = certificate;
  return { protocol: 'https', tls: { certificates: [{ cert, key }] } };
}

/** What the other proxies are told to send, too. By default Tidegate sends more: Forwarded, Via and X-Request-Id. */
const sameHeaders = { forwarded: { xForwarded: true, forwarded: false, via: false, requestId: false } };

function tidegatePeer(name: string, listener: Readonly<Record<string, unknown>>): Peer {
  return {
    name,
    missing: () => null,
    version: tidegateVersion,
    prepare: async (context) => tidegateCommand(context.folder, tidegateConfig(context, listener)),
  };
}

export const tidegate = tidegatePeer('Tidegate, no rule', sameHeaders);
/** Answers with what its plugin `cache` holds. */
export const tidegateWithCache = tidegatePeer('Tidegate, cache', { ...sameHeaders, plugins: ['cache'] });
export const tidegateWithRule = tidegatePeer('Tidegate, one rule', { ...sameHeaders, rules: benchRule });
export const tidegateTcp = tidegatePeer('Tidegate', {});
export const tidegateDefaults = tidegatePeer('Tidegate, one rule, all default headers', { rules: benchRule });
