import { ProxyError } from '../shared/errors.ts';
import type { ConnectDecision } from '../shared/rule-script.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { BackendPath } from './backend-path.ts';
import { countConnection } from './finish-connection.ts';
import { refusedInspection } from './inspection.ts';
import { readRdpCookie } from './rdp-cookie.ts';
import { readTlsHello } from './tls-hello.ts';

/**
 * The path of every TCP connection, top to bottom:
 *
 *   1 begin → 2 hello → 3 rule → 4 route → 5 key → 6 pick → 7 attempt → 8 splice → 9 end
 *
 * Steps 2, 3 and 5 may wait for first bytes of the client, which are held until step 8. From 6 on it goes on in `backend-path.ts`.
 * There is one object of this class for each connection, and `end` runs exactly once for it, whatever happens.
 */
export class ConnectionPath extends BackendPath {
  // 1. Begin: count it in. `early`: what was read from it already.
  begin(early: Buffer | null): void {
    countConnection(this.connection);
    if (early !== null) this.first.add(early);
    this.try(() => this.#hello(false));
  }

  // 2. Hello: what the client asks for by TLS, which is not ended here. `isAll`, here and below: no more first bytes come in time.
  #hello(isAll: boolean): void {
    const { connection } = this;
    const { sni, limits, timeouts } = connection.service.config;
    if (!sni) return this.#rule(false);
    const hello = readTlsHello(this.first.bytes(), limits.inspectBytes);
    if (typeof hello === 'number' && !isAll)
      return this.#waitFor(hello, connection.startMs + timeouts.inspectMs, (all) => this.#hello(all));
    if (hello !== null && typeof hello !== 'number') connection.connectionTls = hello;
    // Of what is no TLS, too: else a plugin that goes by names could be got around.
    if (!this.owner.allowsHello(connection)) return this.deny();
    this.#rule(false);
  }

  // 3. Rule: the script decides, may ask for first bytes, or leaves it to the routes.
  #rule(isAll: boolean): void {
    const { connection } = this;
    const { rules, config } = connection.service;
    if (rules === null || !rules.handles.connect) return this.#route();
    if (connection.decision?.kind === 'inspect') connection.bytes = this.first.bytes().toString('latin1');
    const begunMs = performance.now();
    const decision = rules.connect(connection);
    connection.ruleMs = (connection.ruleMs ?? 0) + performance.now() - begunMs;
    connection.decision = decision;
    if (decision.kind !== 'inspect') return this.#carryOut(decision);
    const { limits, timeouts } = config;
    const seen = { bytes: connection.bytes?.length ?? 0, isAll, maxBytes: limits.inspectBytes };
    const refused = refusedInspection(decision, seen);
    if (refused === null) {
      // From the first time that it asks: else a client that sends one byte at a time would be held again and again.
      connection.inspectedMs ??= begunMs;
      const endMs = connection.inspectedMs + (decision.timeoutMs ?? timeouts.inspectMs);
      return this.#waitFor(decision.bytes, endMs, (all) => this.#rule(all));
    }
    if (config.rules?.onError === 'next') this.#route();
    else this.fail(ruleFault(refused));
  }

  #carryOut(decision: Exclude<ConnectDecision, { kind: 'inspect' }>): void {
    switch (decision.kind) {
      case 'next':
        return this.#route();
      case 'deny':
        return this.deny();
      case 'fault':
        return this.fail(ruleFault(decision.reason));
      case 'forward': {
        const upstream = this.connection.service.upstreams.get(decision.upstream);
        if (upstream !== undefined) return this.#place(upstream);
        return this.fail(ruleFault(`the rule forwards to the unknown upstream ${decision.upstream}`));
      }
    }
  }

  // 4. Route: by the name and the protocols that the client asks for, else the listener's own upstream.
  #route(): void {
    const { service, connectionTls } = this.connection;
    const match = service.routes.match(connectionTls?.serverName ?? null, connectionTls?.alpn ?? []);
    const routed = match === undefined ? undefined : service.upstreams.get(match.route.upstream);
    const upstream = routed ?? service.upstream;
    if (upstream !== null) return this.#place(upstream);
    this.fail(new ProxyError('no-route', 'client', 'no route matches and the listener has no upstream'));
  }

  #place(upstream: Upstream): void {
    const { connection } = this;
    connection.upstream = upstream;
    connection.placedMs = performance.now();
    upstream.budget.countRequest(connection.placedMs);
    this.#key(upstream, false);
  }

  // 5. Key: what the scheduler goes by, where that is in the first packet.
  #key(upstream: Upstream, isAll: boolean): void {
    const { connection } = this;
    const { decision, service, placedMs } = connection;
    const hasKey = decision?.kind === 'forward' && decision.key !== undefined;
    if (upstream.key?.kind === 'rdp-cookie' && !hasKey) {
      const { limits, timeouts } = service.config;
      const cookie = readRdpCookie(this.first.bytes(), upstream.key.name, limits.inspectBytes);
      if (typeof cookie === 'number' && !isAll)
        return this.#waitFor(cookie, placedMs + timeouts.inspectMs, (all) => this.#key(upstream, all));
      connection.cookie = typeof cookie === 'string' ? cookie : null;
    }
    this.pick(upstream);
  }

  #waitFor(bytes: number, endMs: number, step: (isAll: boolean) => void): void {
    this.first.waitFor(bytes, endMs, (isAll) => this.try(() => step(isAll)));
  }
}

function ruleFault(reason: string): ProxyError {
  return new ProxyError('rule-fault', 'proxy', reason);
}
