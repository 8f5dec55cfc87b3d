import { connectionKey } from '../../layer4/connection-key.ts';
import { readRdpCookie } from '../../layer4/rdp-cookie.ts';
import { TcpRouteTable } from '../../layer4/tcp-routes.ts';
import type { Config } from '../../shared/config-types.ts';
import { formatDuration } from '../../shared/duration.ts';
import type { TcpListenerConfig, UdpListenerConfig } from '../../shared/layer4-types.ts';
import type { RuleScriptConfig } from '../../shared/listener-types.ts';
import type { ConnectDecision } from '../../shared/rule-script.ts';
import type { SchedulerKey } from '../../shared/scheduler-key.ts';
import type { ConnectionTls } from '../../shared/tls-info.ts';
import type { AddressBackend } from '../../upstreams/backend.ts';
import type { KeySource, Upstream } from '../../upstreams/upstream.ts';
import type { AskedConnection, ConnectAnswer } from '../sandbox/messages.ts';
import { backendStep, fallbackOf, missingUpstream, upstreamsAsWritten } from './explained-upstreams.ts';
import { placeOf, type ConnectionExplanation, type ConnectionOutcome, type Step } from './explanation.ts';
import { readConnection, type ConnectionQuery, type ReadConnection } from './read-connection.ts';

/** Asks a script's `connect` handler, as often as it wants to; empty: it has none. */
export type AskConnect = (
  script: RuleScriptConfig,
  asked: AskedConnection,
) => Promise<readonly ConnectAnswer[]>;

type Layer4ListenerConfig = TcpListenerConfig | UdpListenerConfig;

/** Takes a connection, or the first datagram of a session, through the same steps as the proxy does, without sending anything anywhere. */
export async function explainConnection(
  config: Config,
  listener: Layer4ListenerConfig,
  reason: string,
  query: ConnectionQuery,
  ask: AskConnect,
): Promise<ConnectionExplanation> {
  const read = readConnection(listener, query);
  const path = new ExplainedConnection(config, listener, query, read);
  path.step('listener', `${listener.name} (${listener.protocol}, ${listener.addressText})`, [reason]);
  const outcome = await path.follow(ask);
  const { clientAddress, clientPort } = read.asked.connection;
  const { scheme, hostname, port } = query.url;
  const url = `${scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return { connection: { url, clientAddress, clientPort }, steps: path.steps, outcome };
}

class ExplainedConnection {
  readonly steps: Step[] = [];
  readonly #listener: Layer4ListenerConfig;
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #query: ConnectionQuery;
  readonly #read: ReadConnection;
  #decision: ConnectDecision | null = null;

  constructor(config: Config, listener: Layer4ListenerConfig, query: ConnectionQuery, read: ReadConnection) {
    this.#listener = listener;
    this.#upstreams = upstreamsAsWritten(config);
    this.#query = query;
    this.#read = read;
  }

  step(step: Step['step'], text: string, details: readonly string[]): void {
    this.steps.push({ step, text, details });
  }

  async follow(ask: AskConnect): Promise<ConnectionOutcome> {
    const { plugins, rules, upstream } = this.#listener;
    if (plugins.length > 0) {
      const why = 'of the listener: they may turn the client away; they are not run here';
      this.step('plugins', plugins.map(({ use }) => use).join(', '), [why]);
    }
    this.steps.push(...this.#read.steps);
    const settled = this.#rule(rules === null ? null : await ask(rules, this.#read.asked));
    if (settled !== null) return settled;
    const routed = this.#route(this.#read.tls);
    if (routed !== null) return this.#choose(routed, 'the route names it');
    if (upstream === null)
      return failed('no rule and no route places it, and the listener has no `upstream`');
    return this.#choose(upstream, "the listener's `upstream`, where goes what nothing else placed");
  }

  /** Null where the rule leaves it to the routes. */
  #rule(answers: readonly ConnectAnswer[] | null): ConnectionOutcome | null {
    const last = answers?.at(-1);
    if (answers === null || last === undefined) {
      this.step('rule', 'none', [
        answers === null ? 'the listener has no rule script' : 'the script has no `connect` handler',
      ]);
      return null;
    }
    for (const { decision, at, seen } of answers)
      this.step('rule', `${describeDecision(decision)}${placeOf(at)}`, [
        ...(seen === null ? [] : [`it has seen ${seen} bytes`]),
        ...(decision.kind === 'inspect' ? this.#waits(decision) : []),
        ...(decision.kind === 'fault' ? [decision.reason] : []),
      ]);
    const { decision } = last;
    this.#decision = decision;
    switch (decision.kind) {
      case 'next':
      // The last one never asks for more.
      case 'inspect':
        return null;
      case 'forward':
        return this.#choose(decision.upstream, 'the rule names it');
      case 'deny':
        return { kind: 'close', end: 'denied', reason: 'the rule denied it' };
      case 'fault':
        return this.#fault(decision.reason);
    }
  }

  #fault(reason: string): ConnectionOutcome | null {
    if (this.#listener.rules?.onError !== 'next') return failed(reason);
    this.step('rule', 'next', ['because of onError: next']);
    this.#decision = { kind: 'next' };
    return null;
  }

  #waits({ bytes, timeoutMs }: Extract<ConnectDecision, { kind: 'inspect' }>): string[] {
    const { sent } = this.#read;
    if (sent.length >= bytes) return [];
    const { timeouts } = this.#listener;
    const longest = timeoutMs ?? ('inspectMs' in timeouts ? timeouts.inspectMs : 0);
    const what =
      this.#query.bytes === null && sent.length === 0 ? 'nothing (--bytes)' : `${sent.length} bytes`;
    return [`the client sends ${what}: asked again when it ends, or after ${formatDuration(longest)}`];
  }

  #route(tls: ConnectionTls | null): string | null {
    const routes = this.#listener.protocol === 'udp' ? [] : this.#listener.routes;
    if (this.#listener.protocol === 'udp') return null;
    if (routes.length === 0) {
      this.step('route', 'none', ['the listener has no routes']);
      return null;
    }
    const { match, considered } = new TcpRouteTable(routes).explain(tls?.serverName ?? null, tls?.alpn ?? []);
    const details = considered.slice(0, 5).map(({ index, reason }) => `routes[${index}]: ${reason}`);
    if (considered.length > 5) details.push(`and ${considered.length - 5} more rows`);
    this.step('route', match === undefined ? 'none fits' : `routes[${match.index}]`, details);
    return match?.route.upstream ?? null;
  }

  #choose(name: string, reason: string): ConnectionOutcome {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) {
      this.steps.push(missingUpstream(name, reason, this.#upstreams));
      return failed(`the upstream "${name}" does not exist`);
    }
    const { localPort } = this.#read.asked.connection;
    const ports =
      upstream.config.port === 'listener' ? [`on port ${localPort}, which the client connected to`] : [];
    const each =
      this.#listener.protocol === 'udp' && !this.#listener.sticky
        ? ['each datagram is scheduled by itself (sticky: false)']
        : [];
    this.step('upstream', name, [reason, ...ports, ...each]);
    const sent = this.#listener.protocol === 'udp' ? 'sessions' : 'connections';
    const keyFor = (wanted: SchedulerKey): string | undefined => this.#keyFor(wanted);
    const picked = this.#pick(upstream, keyFor);
    const { backend } = picked;
    this.steps.push(backendStep(upstream, backend, picked.reason, keyFor, sent));
    const { fallback } = upstream.config;
    if (backend === undefined && fallback !== null) return this.#choose(fallback, fallbackOf(name));
    if (backend === undefined) return failed(`no backend of "${name}" takes ${sent}`);
    return { kind: 'forward', upstream: name, backend: backend.addressText };
  }

  /** As `layer4/udp-pick.ts` for sessions. `reason`: null where the scheduler has picked it. */
  #pick(
    upstream: Upstream,
    keyFor: KeySource['keyFor'],
  ): { backend?: AddressBackend; reason: string | null } {
    const listener = this.#listener;
    const { clientAddress, clientPort } = this.#read.asked.connection;
    const isKeyed = upstream.key !== null && keyFor(upstream.key) !== undefined;
    const byClient = listener.protocol === 'udp' && listener.sticky && listener.consistent && !isKeyed;
    const backend = byClient
      ? upstream.pickByClient(`${clientAddress} ${clientPort}`, [], { keyFor })
      : upstream.pick([], { keyFor });
    const count = upstream.candidates().length;
    const reason =
      byClient && count > 1
        ? `the client's address and port choose it of ${count}: whichever worker it is, and whenever`
        : null;
    return backend === undefined ? { reason } : { backend, reason };
  }

  #keyFor(wanted: SchedulerKey): string | undefined {
    const { asked, sent } = this.#read;
    const rdpCookie = (name: string): string | null => {
      const read = this.#listener.protocol === 'udp' ? null : readRdpCookie(sent, name, asked.maxBytes);
      return typeof read === 'string' ? read : null;
    };
    const { clientAddress } = asked.connection;
    return connectionKey({ clientAddress, decision: this.#decision, rdpCookie }, wanted);
  }
}

function failed(reason: string): ConnectionOutcome {
  return { kind: 'close', end: 'failed', reason };
}

function describeDecision(decision: ConnectDecision): string {
  switch (decision.kind) {
    case 'next':
    case 'deny':
    case 'fault':
      return decision.kind;
    case 'inspect':
      return `inspect ${decision.bytes} bytes`;
    case 'forward': {
      const key = decision.key === undefined ? '' : `, key ${JSON.stringify(decision.key)}`;
      return `forward to ${decision.upstream}${key}`;
    }
  }
}
