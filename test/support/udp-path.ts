import { onTestFinished } from 'vitest';
import { resolveConfig } from '../../core/config/resolve.ts';
import { configSchema } from '../../core/config/schema.ts';
import { ServiceUsage } from '../../core/exchange/service-usage.ts';
import { ConnectionCounters } from '../../core/layer4/connection-counters.ts';
import type { ConnectionEntry } from '../../core/layer4/connection-entry.ts';
import { DescriptorBudget } from '../../core/layer4/descriptor-budget.ts';
import type { UdpService } from '../../core/layer4/udp-service.ts';
import { UdpListener } from '../../core/listeners/udp.ts';
import type { Config } from '../../core/shared/config-types.ts';
import { Deadlines } from '../../core/shared/deadlines.ts';
import { createLogger, type Logger } from '../../core/shared/log.ts';
import type { RuleScript } from '../../core/shared/rule-script.ts';
import { bindUdp, type UdpSocket } from '../../core/shared/udp-socket.ts';
import { UpstreamRegistry } from '../../core/upstreams/registry.ts';
import type { PluginChain } from '../../plugins/contract/chain.ts';

const silent = createLogger({ level: 'silent', file: null, access: null });

export interface UdpPathOptions {
  /** As in a config file; its upstream is `site` unless it says otherwise. */
  readonly listener?: Readonly<Record<string, unknown>>;
  /** As in a config file; or the ports of backends of `site`. */
  readonly upstreams?: Readonly<Record<string, unknown>>;
  readonly backendPorts?: readonly number[];
  readonly rules?: RuleScript;
  readonly plugins?: PluginChain;
  /** Descriptors that the process may have; or the share of them that listeners have in common. */
  readonly descriptors?: number | DescriptorBudget;
  readonly log?: Logger;
}

/** A UDP listener with its whole data path in this process; ended with the test. */
export class UdpTestPath {
  readonly listener: UdpListener;
  readonly counters = new ConnectionCounters();
  /** Finished sessions, in the order in which they ended. */
  readonly entries: ConnectionEntry[] = [];
  readonly registry = new UpstreamRegistry();
  readonly port: number;
  readonly #options: UdpPathOptions;
  readonly #sockets: UdpSocket[] = [];

  constructor(options: UdpPathOptions = {}) {
    this.#options = options;
    const deadlines = new Deadlines();
    const { descriptors = 20_000 } = options;
    this.listener = new UdpListener(
      this.#service(options),
      deadlines,
      typeof descriptors === 'number' ? new DescriptorBudget(descriptors) : descriptors,
    );
    this.port = this.listen('127.0.0.1', 0);
    onTestFinished(() => {
      this.listener.destroyConnections();
      for (const socket of this.#sockets) socket.close();
      deadlines.close();
    });
  }

  /** @returns the port */
  listen(address: string, port: number): number {
    const handle = bindUdp(address, port, { ipv6Only: false });
    if (typeof handle === 'number') throw new Error(`cannot bind: ${handle}`);
    const socket = this.listener.listen(handle);
    this.#sockets.push(socket);
    return socket.localPort;
  }

  /** As a reload that changes these options. */
  reload(options: UdpPathOptions): void {
    this.listener.update(this.#service({ ...this.#options, ...options }));
  }

  drops(): Record<string, number> {
    return Object.fromEntries(this.counters.drops);
  }

  #service(options: UdpPathOptions): UdpService {
    const { upstreams: configs, listeners } = config(options);
    const [listener] = listeners;
    if (listener?.protocol !== 'udp') throw new Error('no UDP listener');
    const upstreams = this.registry.prepare(configs);
    this.registry.commit(upstreams);
    return {
      config: listener,
      rules: options.rules ?? null,
      plugins: options.plugins ?? null,
      upstreams,
      upstream: listener.upstream === null ? null : (upstreams.get(listener.upstream) ?? null),
      counters: this.counters,
      usage: new ServiceUsage(),
      accessLog: { write: (entry) => void this.entries.push(entry) },
      log: options.log ?? silent,
      loggedFailures: null,
      workers: 1,
    };
  }
}

function config({ listener, upstreams, backendPorts = [] }: UdpPathOptions): Config {
  const backends = backendPorts.map((port) => ({ address: `127.0.0.1:${port}` }));
  return resolveConfig(
    configSchema.parse({
      listeners: [{ name: 'test', protocol: 'udp', address: '127.0.0.1:0', upstream: 'site', ...listener }],
      upstreams: upstreams ?? { site: { backends, healthCheck: false } },
      workers: 1,
    }),
    '/tidegate.config.json',
    new Map(),
  );
}
