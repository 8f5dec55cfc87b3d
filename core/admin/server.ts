import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';

import { pathText } from '../config/finding.ts';
import { schemaFindings } from '../config/schema-findings.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import { backendChange, type BackendChange, type BackendChangeReport } from './backend-change.ts';
import type { BackendAudit } from './backend-audit.ts';
import {
  certificateCommand,
  type CertificateCommand,
  type CertificateReport,
} from './certificate-command.ts';
import type { CertificateDetails } from './certificate-details.ts';
import type { HealthEvents } from './health-events.ts';
import { metricsText, metricsType } from './metrics.ts';
import type { PluginsReport } from './plugins-report.ts';
import type { ReloadReport, StatusReport } from './status-report.ts';

/** What the admin API can ask of the primary. */
export interface AdminApi {
  /** null while there is nothing to tell yet. */
  status(): Promise<StatusReport | null>;
  /** What happened to the health of an upstream's backends from `since` (epoch milliseconds) on, or why that is not known. */
  healthEvents(upstream: string, since: number): Promise<HealthEvents | string>;
  /** Requests per backend against what is to be expected, or why that is not known. */
  audit(upstream: string, windowMs: number): Promise<BackendAudit | string>;
  /** The plugin instances of all workers. */
  plugins(): Promise<PluginsReport>;
  /** null once the process is stopping. */
  reload(): Promise<ReloadReport | null>;
  /** null unless the process serves. */
  changeBackend(change: BackendChange): Promise<BackendChangeReport | null>;
  /** Everything about the certificates for a name, or why there is nothing. */
  showCertificate(name: string): CertificateDetails | string;
  /** null unless the process serves. */
  certificateCommand(command: CertificateCommand): Promise<CertificateReport | null>;
}

/** Must come with everything that changes something: a form or an image on some web page cannot send it. */
export const adminHeader = 'x-tidegate-admin';

const longestBodyBytes = 1024;
/** A chain and a key, and what JSON makes of their ends of lines. */
const longestCertificateBytes = 256 * 1024;
/** For a client that takes nothing of its answer; Node may wait for two of these. */
const deafClientMs = 5_000;

/**
 * Opens the admin API. Rejects with the system's error when the address cannot be listened on; a stale
 * Unix socket must be gone by then.
 */
export async function openAdminServer(address: SocketAddressConfig, api: AdminApi): Promise<Server> {
  const allowedHost = address.kind === 'tcp' ? address.host : null;
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    // Those who send nothing must not hold their places for half a minute, as Node would have it.
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = 64;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, api, allowedHost).catch(() => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'the primary could not answer' });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (address.kind === 'tcp') server.listen(address.port, address.host, listening);
    else listenAlone(server, address.path, listening);
  });
  return server;
}

/** The socket is its owner's from its first moment on: who connects before a chmod stays connected. */
function listenAlone(server: Server, path: string, listening: () => void): void {
  const umask = process.umask(0o177);
  try {
    server.listen(path, listening);
  } finally {
    process.umask(umask);
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  api: AdminApi,
  allowedHost: string | null,
): Promise<void> {
  const [path, search] = (request.url ?? '').split('?', 2);
  const longest =
    path === '/certificates' && allowedHost === null ? longestCertificateBytes : longestBodyBytes;
  if (
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > longest
  ) {
    response.setHeader('connection', 'close');
    return sendJson(response, 413, { error: `expected a body of at most ${longest} bytes, not chunked` });
  }
  if (allowedHost !== null && !isOwnHost(request.headers.host, allowedHost)) {
    return sendJson(response, 421, {
      error: 'expected the Host to be an IP address, localhost or the configured admin address',
    });
  }
  if (path === '/backends') {
    if (request.method !== 'POST') return notAllowed(response, 'POST');
    if (request.headers[adminHeader] === undefined) return headerMissing(response);
    return changeBackend(await text(request), response, api);
  }
  if (path === '/certificates' && request.method === 'POST') {
    if (request.headers[adminHeader] === undefined) return headerMissing(response);
    // Everybody on the machine can connect to a port, and this is about keys.
    if (allowedHost !== null)
      return sendJson(response, 403, { error: 'expected to be asked over a Unix socket' });
    return runCertificateCommand(await text(request), response, api);
  }
  // What a client may send all the same is read and dropped.
  request.resume();
  if (path === '/status') {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    const report = await api.status();
    return report === null ? sendJson(response, 503, { error: 'starting' }) : sendJson(response, 200, report);
  }
  if (path === '/metrics') {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    const report = await api.status();
    return report === null
      ? sendJson(response, 503, { error: 'starting' })
      : send(response, 200, metricsType, metricsText(report));
  }
  if (path === '/plugins') {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    return sendJson(response, 200, await api.plugins());
  }
  if (path === '/backends/health') {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    const query = new URLSearchParams(search);
    const since = Number(query.get('since') ?? 0);
    if (!Number.isSafeInteger(since) || Math.abs(since) > 8.64e15)
      return sendJson(response, 400, { error: 'expected since in epoch milliseconds' });
    const found = await api.healthEvents(query.get('upstream') ?? '', since);
    return typeof found === 'string'
      ? sendJson(response, 404, { error: found })
      : sendJson(response, 200, found);
  }
  if (path === '/backends/audit') {
    if (request.method !== 'GET') return notAllowed(response, 'GET');
    return sendAudit(new URLSearchParams(search), response, api);
  }
  if (path === '/certificates') {
    if (request.method !== 'GET') return notAllowed(response, 'GET, POST');
    const shown = api.showCertificate(new URLSearchParams(search).get('name') ?? '');
    return typeof shown === 'string'
      ? sendJson(response, 404, { error: shown })
      : sendJson(response, 200, shown);
  }
  if (path === '/reload') {
    if (request.method !== 'POST') return notAllowed(response, 'POST');
    if (request.headers[adminHeader] === undefined) return headerMissing(response);
    return sendReport(response, await api.reload());
  }
  sendJson(response, 404, {
    error:
      'expected GET /status, GET /metrics, GET /plugins, GET /backends/health, GET /backends/audit, GET /certificates, POST /reload, POST /backends or POST /certificates',
  });
}

async function sendAudit(query: URLSearchParams, response: ServerResponse, api: AdminApi): Promise<void> {
  const windowMs = Number(query.get('window') ?? 600_000);
  if (!(windowMs > 0 && windowMs <= 3_600_000))
    return sendJson(response, 400, { error: 'expected window in milliseconds, an hour at the most' });
  const audit = await api.audit(query.get('upstream') ?? '', windowMs);
  if (typeof audit === 'string') sendJson(response, 404, { error: audit });
  else sendJson(response, 200, audit);
}

async function changeBackend(body: string, response: ServerResponse, api: AdminApi): Promise<void> {
  const parsed = backendChange.safeParse(readJson(body));
  if (!parsed.success) return sendFindings(response, parsed.error);
  sendReport(response, await api.changeBackend(parsed.data));
}

async function runCertificateCommand(body: string, response: ServerResponse, api: AdminApi): Promise<void> {
  const parsed = certificateCommand.safeParse(readJson(body));
  if (!parsed.success) return sendFindings(response, parsed.error);
  sendReport(response, await api.certificateCommand(parsed.data));
}

function sendFindings(response: ServerResponse, { issues }: z.ZodError): void {
  const problems = schemaFindings(issues).map(({ path, message }) =>
    path.length === 0 ? message : `${pathText(path)}: ${message}`,
  );
  sendJson(response, 400, { error: problems.join('; ') });
}

/** null: there is none unless the process serves. */
function sendReport(response: ServerResponse, report: { readonly ok: boolean } | null): void {
  if (report === null) sendJson(response, 503, { error: 'starting or stopping' });
  else sendJson(response, report.ok ? 200 : 422, report);
}

/** undefined for what is no JSON. */
function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * A page that resolves its own name to this machine (DNS rebinding) is same-origin with what it finds
 * there, but its requests carry that name. An IP address as Host cannot be such a name.
 */
function isOwnHost(host: string | undefined, allowedHost: string): boolean {
  if (host === undefined) return false;
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === allowedHost.toLowerCase();
}

function headerMissing(response: ServerResponse): void {
  sendJson(response, 403, { error: `expected the header ${adminHeader}: 1` });
}

function notAllowed(response: ServerResponse, allow: string): void {
  response.setHeader('allow', allow);
  sendJson(response, 405, { error: `expected ${allow}` });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.setTimeout(deafClientMs, () => response.destroy());
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
