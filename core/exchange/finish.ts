import type { RequestDecision } from '../shared/rule-script.ts';
import { loggedTarget } from './answer-challenge.ts';
import type { AccessEntry } from './access-entry.ts';
import type { Exchange } from './exchange.ts';
import { callLogHooks } from './plugins/log-hooks.ts';
import { leaveWebSocketPlace } from './websocket-place.ts';

/** What `finishExchange` takes back. */
export function countIn({ service }: Exchange): void {
  service.counters.inFlight += 1;
  service.usage.enter();
}

/** Brings the counters down again and writes the one log entry. Called exactly once for every exchange. */
export function finishExchange(exchange: Exchange): void {
  const { counters } = exchange.service;
  counters.inFlight -= 1;
  exchange.placeInLine?.leave();
  leaveWebSocketPlace(exchange);
  exchange.body?.forget();
  if (exchange.status !== null) counters.countStatus(exchange.status);
  if (exchange.plugins !== null) callLogHooks(exchange.plugins);
  logExchange(exchange);
  // Last, since what the service holds may be let go of here.
  exchange.service.usage.leave();
}

function logExchange(exchange: Exchange): void {
  const { accessLog, log, loggedFailures } = exchange.service;
  const { error } = exchange;
  // A drain ends thousands of WebSockets in good order: the access log tells of each of them, and that is enough; so it is where a plugin wants it.
  if (
    error !== null &&
    error.source !== 'client' &&
    error.code !== 'websocket-drained' &&
    error.code !== 'plugin-abort' &&
    loggedFailures?.take() !== false
  ) {
    const notLogged = loggedFailures?.takeDropped() ?? 0;
    log.warn(
      {
        error: error.code,
        ...(error.code === 'internal-error' ? { err: error.cause } : {}),
        listener: exchange.service.config.name,
        backend: exchange.lastBackend?.addressText,
        requestId: exchange.requestId,
        ...(notLogged === 0 ? {} : { notLogged }),
      },
      error.message,
    );
  }
  if (accessLog === null) return;
  const entry = accessEntry(exchange);
  const { rules } = exchange.service;
  if (rules === null || !rules.handles.log) {
    accessLog.write(entry);
    return;
  }
  const kept = rules.log(JSON.stringify(entry));
  if (kept !== false)
    accessLog.write(kept === true ? entry : { ...entry, fields: { ...entry.fields, ...kept } });
}

function accessEntry(exchange: Exchange): AccessEntry {
  const { request, service, startMs, placedMs, connectedMs, answeredMs } = exchange;
  const now = performance.now();
  const isRequest = request.method !== '';
  return {
    time: new Date(performance.timeOrigin + startMs).toISOString(),
    listener: service.config.name,
    client: exchange.clientAddress,
    method: isRequest ? request.method : null,
    host: isRequest ? request.host : null,
    target: isRequest ? loggedTarget(exchange) : null,
    protocol: isRequest ? request.version : null,
    status: exchange.status,
    error: exchange.error?.code ?? null,
    errorDetail: exchange.error?.message ?? null,
    requestId: exchange.requestId,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    upstream: exchange.upstream?.name ?? null,
    backend: exchange.lastBackend?.addressText ?? null,
    attempts: exchange.attempts,
    decision: exchange.decision === null ? null : describeDecision(exchange.decision),
    route: exchange.route,
    timings: {
      total: milliseconds(startMs, now),
      rule: exchange.ruleMs === null ? null : milliseconds(0, exchange.ruleMs),
      queue: exchange.queueMs === null ? null : milliseconds(0, exchange.queueMs),
      connect: connectedMs === 0 ? null : milliseconds(placedMs + (exchange.queueMs ?? 0), connectedMs),
      firstByte: answeredMs === 0 ? null : milliseconds(connectedMs, answeredMs),
      response: answeredMs === 0 ? null : milliseconds(answeredMs, now),
    },
    referer: request.headers.get('referer'),
    userAgent: request.headers.get('user-agent'),
    fields: exchange.plugins?.logFields ?? null,
  };
}

/** In microsecond steps: finer digits are noise. */
function milliseconds(from: number, to: number): number {
  return Math.round((to - from) * 1000) / 1000;
}

/** `forward beta`, `deny 403`: as the access log shows a decision. */
function describeDecision(decision: RequestDecision): string {
  switch (decision.kind) {
    case 'forward':
      return `forward ${decision.upstream}`;
    case 'redirect':
    case 'respond':
    case 'deny':
      return `${decision.kind} ${decision.status}`;
    case 'next':
    case 'fault':
      return decision.kind;
  }
}
