import type { ProxyError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { ConnectDecision, RuleScript } from '../shared/rule-script.ts';
import type { TokenBucket } from '../shared/token-bucket.ts';
import type { Carried, ConnectionCounters } from './connection-counters.ts';
import type { ConnectionEntry, ConnectionSink, EndReason } from './connection-entry.ts';

/** What the end of a connection or session needs of its service. */
export interface FinishingService {
  readonly config: { readonly name: string; readonly protocol: ConnectionEntry['protocol'] };
  readonly rules: Pick<RuleScript, 'handles' | 'log'> | null;
  readonly counters: ConnectionCounters;
  readonly usage: { enter(): void; leave(): void };
  /** null: the access log is off. */
  readonly accessLog: ConnectionSink | null;
  readonly log: Pick<Logger, 'warn'>;
  /** Lets failures into `log`; null: all of them. */
  readonly loggedFailures: TokenBucket | null;
}

/** What a TCP connection or UDP session has to tell at its end. Times are of performance.now(), 0 for what was not reached. */
export interface FinishingConnection extends Carried {
  readonly service: FinishingService;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverName: string | null;
  readonly upstream: { readonly name: string } | null;
  /** Of the last attempt. */
  readonly lastBackend: { readonly addressText: string } | null;
  readonly attempts: number;
  /** The last one of the rule; null: it was not asked. */
  readonly decision: ConnectDecision | null;
  readonly error: ProxyError | null;
  readonly startMs: number;
  /** All calls of the rule together; null: it was not asked. */
  readonly ruleMs: number | null;
  /** How long it has waited for a backend; null: not at all. */
  readonly queueMs: number | null;
  /** When it was decided where it goes. */
  readonly placedMs: number;
  readonly connectedMs: number;
}

/** What `finishConnection` takes back. */
export function countConnection(connection: FinishingConnection): void {
  connection.service.counters.begin(connection);
  connection.service.usage.enter();
}

/** Brings the counters down again and writes the one log entry. Called exactly once for every connection and session. */
export function finishConnection(connection: FinishingConnection, end: EndReason): void {
  const { service } = connection;
  if (end === 'denied') service.counters.denied += 1;
  service.counters.end(connection);
  if (connection.error !== null) logFailure(connection, connection.error);
  if (service.accessLog !== null) logConnection(connection, end, service.accessLog);
  // Last, since what the service holds may be let go of here.
  service.usage.leave();
}

function logFailure({ service, clientAddress, lastBackend }: FinishingConnection, error: ProxyError): void {
  const { config, log, loggedFailures } = service;
  if (error.source === 'client' || loggedFailures?.take() === false) return;
  const notLogged = loggedFailures?.takeDropped() ?? 0;
  log.warn(
    {
      error: error.code,
      ...(error.code === 'internal-error' ? { err: error.cause } : {}),
      listener: config.name,
      client: clientAddress,
      backend: lastBackend?.addressText,
      ...(notLogged === 0 ? {} : { notLogged }),
    },
    error.message,
  );
}

function logConnection(connection: FinishingConnection, end: EndReason, sink: ConnectionSink): void {
  const entry = connectionEntry(connection, end);
  const { rules } = connection.service;
  if (rules === null || !rules.handles.log) {
    sink.write(entry);
    return;
  }
  const kept = rules.log(JSON.stringify(entry));
  if (kept !== false) sink.write(kept === true ? entry : { ...entry, fields: kept });
}

function connectionEntry(connection: FinishingConnection, end: EndReason): ConnectionEntry {
  const { service, decision, startMs, placedMs, connectedMs, ruleMs, queueMs } = connection;
  return {
    time: new Date(performance.timeOrigin + startMs).toISOString(),
    listener: service.config.name,
    protocol: service.config.protocol,
    client: connection.clientAddress,
    clientPort: connection.clientPort,
    serverName: connection.serverName,
    upstream: connection.upstream?.name ?? null,
    backend: connection.lastBackend?.addressText ?? null,
    attempts: connection.attempts,
    decision: decision === null ? null : describe(decision),
    bytesFromClient: connection.bytesFromClient,
    bytesFromBackend: connection.bytesFromBackend,
    datagramsFromClient: connection.datagramsFromClient,
    datagramsFromBackend: connection.datagramsFromBackend,
    end,
    error: connection.error?.code ?? null,
    errorDetail: connection.error?.message ?? null,
    timings: {
      total: milliseconds(performance.now() - startMs),
      rule: ruleMs === null ? null : milliseconds(ruleMs),
      queue: queueMs === null ? null : milliseconds(queueMs),
      connect: connectedMs === 0 ? null : milliseconds(connectedMs - placedMs - (queueMs ?? 0)),
    },
    fields: null,
  };
}

/** In microsecond steps: finer digits are noise. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function describe(decision: ConnectDecision): string {
  return decision.kind === 'forward' ? `forward ${decision.upstream}` : decision.kind;
}
