import { request } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';

import { backendAudit, type BackendAudit } from './backend-audit.ts';
import { backendChangeReport, type BackendChangeInput, type BackendChangeReport } from './backend-change.ts';
import {
  certificateReport,
  type CertificateCommandInput,
  type CertificateReport,
} from './certificate-command.ts';
import { certificateDetails, type CertificateDetails } from './certificate-details.ts';
import { controlFolders, controlSocketName } from './control-socket.ts';
import { adminHeader } from './server.ts';
import { healthEvents } from './health-events.ts';
import type { HealthEvents } from './health-events.ts';
import { pluginsReport, type PluginsReport } from './plugins-report.ts';
import { reloadReport, statusReport } from './status-report.ts';
import type { ReloadReport, StatusReport } from './status-report.ts';

/** Longer than a reload in which a worker takes all the time it may. */
const answerTimeoutMs = 120_000;
const longestAnswerBytes = 64 * 1024 * 1024;

/** Nothing answers for this config. */
export class NotRunningError extends Error {}

/** Asks the process that runs with this config. Throws `NotRunningError` if there is none. */
export async function fetchStatus(configFile: string): Promise<StatusReport> {
  const { status, body } = await ask(configFile, 'GET', '/status');
  if (status !== 200) throw new Error(errorOf(body));
  return statusReport.parse(body);
}

/** Makes it load its config again; the report says whether that worked. */
export async function requestReload(configFile: string): Promise<ReloadReport> {
  const { status, body } = await ask(configFile, 'POST', '/reload');
  if (status !== 200 && status !== 422) throw new Error(errorOf(body));
  return reloadReport.parse(body);
}

/** Sets something for a backend at run time; the report says whether that worked. */
export async function requestBackendChange(
  configFile: string,
  change: BackendChangeInput,
): Promise<BackendChangeReport> {
  const { status, body } = await ask(configFile, 'POST', '/backends', JSON.stringify(change));
  if (status !== 200 && status !== 422) throw new Error(errorOf(body));
  return backendChangeReport.parse(body);
}

/** What happened to the health of an upstream's backends. `since`: epoch milliseconds. Throws where that is not known. */
export async function fetchHealthEvents(
  configFile: string,
  upstream: string,
  since: number,
): Promise<HealthEvents> {
  const query = new URLSearchParams({ upstream, since: String(since) });
  const { status, body } = await ask(configFile, 'GET', `/backends/health?${query.toString()}`);
  if (status !== 200) throw new Error(errorOf(body));
  return healthEvents.parse(body);
}

/** Requests per backend against what is to be expected. Throws where there is no such upstream. */
export async function fetchBackendAudit(
  configFile: string,
  upstream: string,
  windowMs: number,
): Promise<BackendAudit> {
  const query = new URLSearchParams({ upstream, window: String(windowMs) });
  const { status, body } = await ask(configFile, 'GET', `/backends/audit?${query.toString()}`);
  if (status !== 200) throw new Error(errorOf(body));
  return backendAudit.parse(body);
}

/** The plugin instances of all workers. */
export async function fetchPlugins(configFile: string): Promise<PluginsReport> {
  const { status, body } = await ask(configFile, 'GET', '/plugins');
  if (status !== 200) throw new Error(errorOf(body));
  return pluginsReport.parse(body);
}

/** Everything about the certificates for a name. Throws where there is none. */
export async function fetchCertificates(configFile: string, name: string): Promise<CertificateDetails> {
  const query = new URLSearchParams({ name });
  const { status, body } = await ask(configFile, 'GET', `/certificates?${query.toString()}`);
  if (status !== 200) throw new Error(errorOf(body));
  return certificateDetails.parse(body);
}

/** Does something with certificates; the report says whether that worked. */
export async function requestCertificateCommand(
  configFile: string,
  command: CertificateCommandInput,
): Promise<CertificateReport> {
  const { status, body } = await ask(configFile, 'POST', '/certificates', JSON.stringify(command));
  if (status !== 200 && status !== 422) throw new Error(errorOf(body));
  return certificateReport.parse(body);
}

interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(configFile: string, method: string, path: string, sent = ''): Promise<AdminAnswer> {
  const name = controlSocketName(configFile);
  let denied: Error | null = null;
  for (const folder of controlFolders()) {
    try {
      return await askSocket(join(folder, name), method, path, sent);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EACCES' && error instanceof Error) denied = error;
      else if (code === 'EPIPE' || code === 'ECONNRESET')
        throw new Error('the running Tidegate hung up: it ends, or too many ask it at once', {
          cause: error,
        });
      else if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error;
    }
  }
  if (denied !== null)
    throw new Error(`${denied.message}: expected to be asked by the user that runs Tidegate, or root`);
  throw new NotRunningError(`no Tidegate runs with ${configFile}`);
}

function askSocket(socketPath: string, method: string, path: string, sent: string): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method,
      path,
      agent: false,
      headers: { host: 'localhost', 'content-length': Buffer.byteLength(sent), [adminHeader]: '1' },
      timeout: answerTimeoutMs,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('the running Tidegate does not answer')));
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > longestAnswerBytes) incoming.destroy(new Error('the answer is too long'));
      });
      incoming.on('error', reject);
      incoming.on('end', () => {
        try {
          resolve({
            status: incoming.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
          });
        } catch (cause) {
          reject(new Error('the running Tidegate gave an answer that is not JSON', { cause }));
        }
      });
    });
    outgoing.end(sent);
  });
}

function errorOf(body: unknown): string {
  const parsed = z.object({ error: z.string() }).safeParse(body);
  return parsed.success
    ? `the running Tidegate answers: ${parsed.data.error}`
    : 'the running Tidegate gave an unknown answer';
}
