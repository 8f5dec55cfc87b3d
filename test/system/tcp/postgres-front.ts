import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import type { PostgresPair } from './postgres-servers.ts';

/** `more`: YAML for the upstream. */
export function postgresConfig({ primary, standby }: PostgresPair, more: string): string {
  return `
listeners: [{ name: db, protocol: tcp, address: '127.0.0.1:0', upstream: db }]
upstreams:
  db:
    backends: [{ address: '127.0.0.1:${primary.port}' }, { address: '127.0.0.1:${standby.port}', backup: true }]
    ${more}
workers: 2
`;
}

/** Tidegate, and the port of its listener. `more`: YAML for the upstream. */
export async function inFrontOfPostgres(
  servers: PostgresPair,
  more = '',
): Promise<{ tidegate: TidegateProcess; port: number }> {
  const tidegate = await runTidegate({
    workers: 'real',
    files: { 'tidegate.config.yaml': postgresConfig(servers, more) },
  });
  return { tidegate, port: await tidegate.port('db') };
}
