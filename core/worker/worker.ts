import { ConnectionPools } from '../forward/connections.ts';
import { TcpDialer } from '../forward/tcp.ts';
import { Tunnels } from '../forward/tunnels.ts';
import type { PrimaryChannel } from '../ipc/channel.ts';
import type { PrimaryMessage, SnapshotPlan } from '../ipc/messages.ts';
import { OpenConnections } from '../layer4/open-connections.ts';
import { Deadlines } from '../shared/deadlines.ts';
import { isUdpHandle } from '../shared/udp-socket.ts';
import { afterNextTurn } from '../shared/turn.ts';
import { UpstreamRegistry } from '../upstreams/registry.ts';
import { PluginHost } from '../../plugins/host.ts';
import { RuleHost, lastWordsFromEnvironment } from '../../rules/evaluate.ts';
import { WorkerChallenges } from './challenges.ts';
import { SessionNews } from './session-news.ts';
import { letGo } from './let-go.ts';
import { Listeners } from './listeners.ts';
import { Logs, followLog } from './logs.ts';
import { buildSnapshot, retireSnapshot, type Snapshot, type SnapshotParts } from './snapshot.ts';
import { ShadowCountsByListener } from './shadow-counts.ts';
import { UdpListeners } from './udp-listeners.ts';
import { TlsFronts, type TlsMessage } from './tls-fronts.ts';
import { tryPlugin } from './try-plugin.ts';
import { WarmUp } from './warm-up.ts';
import { workerStatus } from './status.ts';

/** What connections that are cut off have for their ends, and their log entries, beyond the time to drain. */
const LAST_ENTRIES_MS = 100;

/** What plugins have to close when the time to drain is over, within what the primary grants on top. */
const PLUGINS_CLOSE_MS = 200;

/**
 * A worker process: serves the snapshot that the primary committed last. This file only wires the
 * parts of the data plane together and carries out the primary's messages, one after the other.
 */
export class Worker {
  readonly #channel: PrimaryChannel;
  readonly #deadlines = new Deadlines();
  readonly #listeners = new Listeners(this.#deadlines);
  readonly #udp = new UdpListeners(this.#deadlines);
  readonly #parts: SnapshotParts;
  readonly #rules: RuleHost;
  readonly #warmUp: WarmUp;
  /** Of the live snapshot. */
  #logs: Logs;
  #prepared: Snapshot | null = null;
  /** Of the snapshot that is prepared, or being prepared. */
  #comingUpstreams: Snapshot['upstreams'] | undefined;
  #live: Snapshot | null = null;
  #queue: Promise<void> = Promise.resolve();

  /** `logs` serve until the first snapshot comes with its own. */
  constructor(channel: PrimaryChannel, logs: Logs) {
    this.#channel = channel;
    this.#logs = logs;
    this.#rules = new RuleHost({
      log: followLog(() => this.#logs.log),
      onFault(ruleId, fault, detail) {
        afterNextTurn(() => channel.send({ type: 'rule-fault', ruleId, fault, detail }));
      },
      drill: true,
      ...lastWordsFromEnvironment(process.env),
    });
    const challenges = new WorkerChallenges();
    const sessionNews = new SessionNews((news) => channel.send({ type: 'sticky-sessions', news }));
    this.#parts = {
      registry: new UpstreamRegistry((news) => sessionNews.add(news)),
      pools: new ConnectionPools(this.#deadlines),
      tunnels: new Tunnels(this.#deadlines),
      rules: this.#rules,
      plugins: new PluginHost({
        log: followLog(() => this.#logs.log),
        send: (instance, body) => channel.send({ type: 'plugin-message', instance, body }),
      }),
      counters: new Map(),
      connectionCounters: new Map(),
      dialer: new TcpDialer(this.#deadlines),
      connections: new OpenConnections(),
      shadowCounts: new ShadowCountsByListener(),
      tls: new TlsFronts(
        (message) => channel.send(message),
        challenges,
        followLog(() => this.#logs.log),
      ),
      challenges,
    };
    this.#warmUp = new WarmUp(this.#parts.pools);
  }

  start(): void {
    this.#channel.onMessage((message, handle) => {
      // A socket belongs to the message it came with, so it is kept before anything else happens.
      if (message.type === 'socket') {
        if (handle !== undefined) this.#listeners.keepHandle(message.key, handle);
        return;
      }
      if (message.type === 'udp-socket') {
        if (handle !== undefined && isUdpHandle(handle))
          this.#udp.keepHandle(message.key, message.localAddress, handle);
        return;
      }
      // Says that the event loop turns; what it is busy with does not matter.
      if (message.type === 'ping') {
        this.#channel.send({ type: 'pong' });
        return;
      }
      // A backend that is down gets no more requests from here on, whatever is being prepared.
      if (message.type === 'backend-health') {
        this.#parts.registry.setHealth(message.backends, this.#comingUpstreams);
        return;
      }
      // A CA's validators may come as soon as the primary has heard of it.
      if (message.type === 'challenges') {
        this.#parts.challenges.use(message.challenges);
        this.#channel.send({ type: 'challenges', revision: message.revision });
        return;
      }
      // The client may be here already.
      if (message.type === 'sticky-sessions') {
        this.#parts.registry.hear(message.news, this.#comingUpstreams);
        return;
      }
      if (message.type === 'plugin-message') {
        this.#parts.plugins.receive(message.instance, message.body);
        return;
      }
      // Handshakes wait for them, and so may the snapshot that is being prepared.
      if (
        message.type === 'certificate' ||
        message.type === 'certificates-changed' ||
        message.type === 'ticket-keys'
      ) {
        this.#parts.tls.onMessage(message);
        return;
      }
      this.#queue = this.#queue
        .then(() => this.#carryOut(message))
        .catch((error: unknown) => this.die(error));
    });
    // Without a primary there is nobody to reload, drain or replace this worker: it ends its exchanges, then itself.
    this.#channel.onClose(() => void this.#drain(this.#live?.plan.config.shutdownTimeoutMs ?? 0, false));
    this.#channel.send({ type: 'online' });
  }

  async #carryOut(
    message: Exclude<
      PrimaryMessage,
      | TlsMessage
      | {
          type:
            | 'socket'
            | 'udp-socket'
            | 'ping'
            | 'backend-health'
            | 'challenges'
            | 'sticky-sessions'
            | 'plugin-message';
        }
    >,
  ): Promise<void> {
    switch (message.type) {
      case 'prepare':
        await this.#prepare(message.plan);
        return;
      case 'try-plugin':
        this.#channel.send(await tryPlugin(message.plan, message.path, this.#parts, this.#logs.log));
        return;
      case 'commit':
        await this.#commit(message.version);
        return;
      case 'rollback':
        this.#rollback(message.version);
        return;
      case 'status':
        this.#channel.send({
          type: 'status',
          id: message.id,
          status: workerStatus(this.#live, this.#parts, this.#rules.status(), message.auditMs),
        });
        return;
      case 'addresses': {
        const { registry, pools } = this.#parts;
        for (const runtime of registry.learn(message.names, this.#comingUpstreams)) pools.retire(runtime);
        return;
      }
      case 'backend-overrides': {
        const { overrides, revision } = message;
        letGo(this.#parts.registry.override(overrides, this.#comingUpstreams), this.#parts);
        this.#channel.send({ type: 'backend-overrides', revision });
        return;
      }
      case 'reopen-logs':
        this.#logs.reopen();
        return;
      case 'drain':
        // Not awaited: status must be answered meanwhile.
        void this.#drain(message.timeoutMs, message.isAlone);
        return;
    }
  }

  async #prepare(plan: SnapshotPlan): Promise<void> {
    this.#forgetPrepared();
    const problems = [...this.#listeners.missing(plan), ...this.#udp.missing(plan.config)];
    const logs = this.#openLogs(plan, problems);
    if (logs !== null && problems.length === 0) {
      const built = await buildSnapshot(plan, logs, this.#parts, (upstreams) => {
        this.#comingUpstreams = upstreams;
      });
      if (built.ok) this.#prepared = built.snapshot;
      else {
        this.#comingUpstreams = undefined;
        problems.push(...built.problems);
        if (logs !== this.#logs) void logs.close();
      }
    }
    if (problems.length > 0) this.#channel.send({ type: 'refused', version: plan.version, problems });
    else this.#channel.send({ type: 'prepared', version: plan.version });
  }

  #openLogs(plan: SnapshotPlan, problems: string[]): Logs | null {
    if (this.#logs.isFor(plan.config.log)) return this.#logs;
    try {
      return new Logs(plan.config.log);
    } catch (error) {
      problems.push(`log: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  async #commit(version: number): Promise<void> {
    const next = this.#prepared;
    if (next === null || next.plan.version !== version) return;
    const previous = this.#live;
    const previousLogs = this.#logs;
    this.#prepared = null;
    this.#comingUpstreams = undefined;
    this.#live = next;
    this.#logs = next.logs;
    letGo(this.#parts.registry.commit(next.upstreams), this.#parts);
    this.#parts.plugins.commit(next.plugins);
    this.#warmUp.keep(next.upstreams.values());
    await this.#listeners.apply(next);
    this.#udp.apply([...next.udpServices.values()]);
    this.#parts.tls.keep(new Set(next.fronts.values()));
    const closeLogs = (): void => {
      if (previousLogs !== this.#logs) void previousLogs.close();
    };
    if (previous === null) closeLogs();
    else retireSnapshot(previous, this.#parts, closeLogs);
    this.#channel.send({ type: 'committed', version });
  }

  #rollback(version: number): void {
    if (this.#prepared?.plan.version === version) this.#forgetPrepared();
    this.#listeners.dropUnusedHandles();
    this.#udp.dropUnusedHandles();
  }

  #forgetPrepared(): void {
    const prepared = this.#prepared;
    this.#prepared = null;
    this.#comingUpstreams = undefined;
    if (prepared === null) return;
    retireSnapshot(prepared, this.#parts, () => {
      if (prepared.logs !== this.#logs) void prepared.logs.close();
    });
  }

  async #drain(timeoutMs: number, isAlone: boolean): Promise<void> {
    this.#warmUp.stop();
    const endMs = performance.now() + timeoutMs;
    // What can end in good order does so before the rest is cut off.
    const goodEndMs = endMs - LAST_ENTRIES_MS;
    let timer = setTimeout(() => {
      this.#listeners.destroyConnections();
      this.#udp.destroySessions();
      timer = setTimeout(() => void this.#exit(endMs), LAST_ENTRIES_MS);
    }, timeoutMs);
    await Promise.all([this.#listeners.drain(goodEndMs), this.#udp.drain(goodEndMs, isAlone)]);
    clearTimeout(timer);
    this.#channel.send({ type: 'drained' });
    await this.#exit(endMs);
  }

  async #exit(endMs: number): Promise<void> {
    this.#parts.pools.closeIdle();
    // Ahead of the rest, which its last words need.
    await this.#parts.plugins.close(Math.max(PLUGINS_CLOSE_MS, endMs - performance.now()));
    await Promise.allSettled([this.#rules.close(), this.#logs.close()]);
    process.exit(0);
  }

  /** Logs why, then ends the process. */
  die(error: unknown): void {
    this.#logs.log.fatal({ err: error }, 'the worker can not go on');
    process.exit(1); // the log writes what it holds when the process exits
  }
}
