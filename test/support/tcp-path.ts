import { resolveConfig } from '../../core/config/resolve.ts';
import { configSchema } from '../../core/config/schema.ts';
import { ServiceUsage } from '../../core/exchange/service-usage.ts';
import { TcpDialer } from '../../core/forward/tcp.ts';
import { ConnectionCounters } from '../../core/layer4/connection-counters.ts';
import type { ConnectionEntry } from '../../core/layer4/connection-entry.ts';
import { OpenConnections, type OpenConnection } from '../../core/layer4/open-connections.ts';
import { TcpRouteTable } from '../../core/layer4/tcp-routes.ts';
import type { TcpService } from '../../core/layer4/tcp-service.ts';
import { BoundServer } from '../../core/listeners/bound-server.ts';
import { TcpListener } from '../../core/listeners/tcp.ts';
import { TlsFront } from '../../core/listeners/tls/front.ts';
import { Deadlines, type Timed } from '../../core/shared/deadlines.ts';
import { isTcp } from '../../core/shared/listener-kinds.ts';
import { createLogger, type Logger } from '../../core/shared/log.ts';
import type { RuleScript } from '../../core/shared/rule-script.ts';
import type { Upstream } from '../../core/upstreams/upstream.ts';
import { UpstreamRegistry } from '../../core/upstreams/registry.ts';
import { WorkerChallenges } from '../../core/worker/challenges.ts';
import type { PluginChain } from '../../plugins/contract/chain.ts';
import { expect, onTestFinished } from 'vitest';
import { poll } from './poll.ts';
import { authority, authorityFile, otherAuthority, otherAuthorityFile } from './certificates.ts';
import { unusedPort } from './raw-backend.ts';
import { TestCertificateSource } from './tls-source.ts';

const silent = createLogger({ level: 'silent', file: null, access: null });

export interface TcpPathOptions {
  /** Of the listener, over `protocol: tcp`, `upstream: site`. */
  readonly listener?: object;
  /** Of the upstream `site`; it has no health checks. */
  readonly backendPort?: number;
  readonly upstreams?: Readonly<Record<string, object>>;
  readonly rules?: RuleScript;
  readonly plugins?: PluginChain;
  readonly socketPath?: string;
  readonly log?: Logger;
  /** Ports that it listens at; default: 1. */
  readonly ports?: number;
}

export interface TcpPath {
  readonly port: number;
  /** Of further addresses, as those of a range. */
  readonly otherPorts: readonly number[];
  readonly service: TcpService;
  readonly listener: TcpListener;
  readonly connections: OpenConnections;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly entries: readonly ConnectionEntry[];
  /** Everything that a connection raises while it lives. */
  counts(): Readonly<Record<string, number>>;
}

/** That can be asked how many it watches. */
class CountedDeadlines extends Deadlines {
  readonly items = new Set<Timed>();

  override add(item: Timed): void {
    this.items.add(item);
    super.add(item);
  }

  override delete(item: Timed): void {
    this.items.delete(item);
    super.delete(item);
  }
}

class CountedConnections extends OpenConnections {
  readonly open = new Set<OpenConnection>();

  override add(connection: OpenConnection): void {
    this.open.add(connection);
    super.add(connection);
  }

  override delete(connection: OpenConnection): void {
    this.open.delete(connection);
    super.delete(connection);
  }
}

class CountedListener extends TcpListener {
  get held(): number {
    return this.connections.size;
  }
}

/** Every counter that went up has come down again, and each connection has its one entry. */
async function expectAtRest(path: TcpPath): Promise<void> {
  const isAtRest = (): boolean => Object.values(path.counts()).every((count) => count === 0);
  await poll(isAtRest, 10_000).catch(() => {});
  expect(Object.entries(path.counts()).filter(([, count]) => count !== 0)).toEqual([]);
  const { accepted, denied } = path.service.counters;
  // What a plugin's `connect` hook denies is counted, and no more.
  const deniedHere = denied - path.entries.filter(({ end }) => end === 'denied').length;
  expect(path.entries.length).toBe(accepted - deniedHere);
}

/** A listener of TCP with all that is behind it, in this process. Ended when the test has finished. */
export async function startTcp(options: TcpPathOptions = {}): Promise<TcpPath> {
  const config = resolveConfig(
    configSchema.parse({
      listeners: [
        {
          name: 'test',
          protocol: 'tcp',
          address: options.socketPath === undefined ? '127.0.0.1:0' : `unix:${options.socketPath}`,
          upstream: 'site',
          ...options.listener,
        },
      ],
      upstreams: options.upstreams ?? {
        site: { backends: [{ address: `127.0.0.1:${options.backendPort ?? 9}` }] },
      },
      workers: 1,
    }),
    '/tidegate.config.json',
    new Map([
      [authorityFile, authority],
      [otherAuthorityFile, otherAuthority],
    ]),
  );
  const [listenerConfig] = config.listeners;
  if (listenerConfig === undefined || !isTcp(listenerConfig)) throw new Error('no listener of TCP');
  const deadlines = new CountedDeadlines();
  const upstreams = new UpstreamRegistry().prepare(config.upstreams);
  const entries: ConnectionEntry[] = [];
  const connections = new CountedConnections();
  const service: TcpService = {
    config: listenerConfig,
    rules: options.rules ?? null,
    routes: new TcpRouteTable(listenerConfig.routes),
    upstreams,
    upstream: listenerConfig.upstream === null ? null : (upstreams.get(listenerConfig.upstream) ?? null),
    counters: new ConnectionCounters(),
    usage: new ServiceUsage(),
    dialer: new TcpDialer(deadlines),
    connections,
    accessLog: { write: (entry) => void entries.push(entry) },
    log: options.log ?? silent,
    loggedFailures: null,
    plugins: options.plugins ?? null,
  };
  const { tls } = listenerConfig;
  const front =
    tls === null
      ? null
      : new TlsFront(tls, await TestCertificateSource.load(tls), new WorkerChallenges(), service.log);
  await front?.ready();
  const listener = new CountedListener(service, deadlines, () => 1, front);
  const servers = Array.from({ length: options.ports ?? 1 }, () => new BoundServer(listener));
  const ports: number[] = [];
  for (const server of servers) {
    const port = options.socketPath === undefined ? await unusedPort() : 0;
    ports.push(port);
    await server.listen(
      options.socketPath === undefined ? { port, host: '127.0.0.1' } : { path: options.socketPath },
    );
  }
  const [port = 0, ...otherPorts] = ports;
  const path: TcpPath = {
    port,
    otherPorts,
    service,
    listener,
    connections,
    upstreams,
    entries,
    counts: () => ({
      ...Object.fromEntries(
        [...upstreams].flatMap(([name, { queue, backends }]) => [
          [`in line for ${name}`, queue.length],
          ...backends.map(({ addressText, runtime }) => [`in flight to ${addressText}`, runtime.inFlight]),
        ]),
      ),
      'open in the counters': service.counters.open,
      'held by the listener': listener.held,
      'with a deadline': deadlines.items.size,
      'joined to a backend': connections.open.size,
    }),
  };
  onTestFinished(async () => {
    for (const server of servers) server.close();
    const drained = listener.drain();
    listener.destroyConnections();
    await drained;
    await expectAtRest(path);
    deadlines.close();
  });
  return path;
}
