import type { BackendRow, StatusReport } from '../admin/status-report.ts';
import { BACKUP_PRIORITY } from '../shared/backup-priority.ts';
import { certificatesText } from './certificates-text.ts';
import { listenerTables } from './listeners-text.ts';
import { table, type Cell } from './table.ts';

/** The report as aligned tables for people. `now`: epoch milliseconds. */
export function statusText(report: StatusReport, now: number): string {
  const { lastReload } = report;
  const sections = [
    [
      `Tidegate ${report.tidegate}, pid ${report.pid}, up ${age(report.uptimeMs)}`,
      `config   ${report.configFile}`,
      `snapshot version ${report.snapshot.version}, live for ${age(now - report.snapshot.at)}`,
      `last load ${age(now - lastReload.at)} ago (${lastReload.trigger}): ${lastReload.ok ? `accepted in ${lastReload.durationMs} ms` : 'REFUSED, what was served before goes on'}`,
      ...lastReload.problems.map((problem) => `  ${problem}`),
      ...lastReload.warnings.map((warning) => `  warning: ${warning}`),
    ].join('\n'),
    table(
      ['WORKER', 'UP', 'MEMORY', 'VERSION', 'RESTARTS'],
      report.workers.map(({ pid, uptimeMs, rssBytes, snapshotVersion, restarts }) => [
        String(pid),
        age(uptimeMs),
        `${Math.round(rssBytes / 1024 / 1024)} MiB`,
        snapshotVersion,
        restarts,
      ]),
    ),
    ...listenerTables(report.listeners),
    table(
      [
        'UPSTREAM',
        'BACKEND',
        'WEIGHT',
        'STATE',
        'HEALTH',
        'CONNECTIONS',
        'IN FLIGHT',
        'REQUESTS',
        'ERRORS',
        'P50',
        'P90',
        'P99',
        'LAST CHECK',
        'NOTES',
      ],
      report.upstreams.flatMap(({ name, backends, removed }) => [
        ...backends.map((row): Cell[] => [
          name,
          row.address,
          row.weight,
          row.state,
          healthText(row, report.workers.length, now),
          row.connections.active + row.connections.idle,
          row.inFlight,
          row.requests,
          row.errors,
          millis(row.latencyMs.p50),
          millis(row.latencyMs.p90),
          millis(row.latencyMs.p99),
          row.activeCheck?.reason ?? '-',
          notes(row),
        ]),
        ...removed.map((address) => removedRow(name, address, 13)),
      ]),
    ),
    table(
      ['QUEUE', 'WAITING', 'SERVED', 'REFUSED', 'TIMED OUT', 'P50', 'P90', 'P99'],
      report.upstreams.flatMap(({ name, queue }) =>
        queue === null
          ? []
          : [
              [
                name,
                queue.waiting,
                queue.served,
                queue.refused,
                queue.timedOut,
                millis(queue.waitMs.p50),
                millis(queue.waitMs.p90),
                millis(queue.waitMs.p99),
              ],
            ],
      ),
    ),
    table(
      ['UPSTREAM', 'RETRIES', 'REFUSED BY BUDGET', 'HEDGES', 'FALLBACKS'],
      report.upstreams
        .filter(({ retries, retriesRefused, fallbacks }) => retries + retriesRefused + fallbacks > 0)
        .map((row) => [row.name, row.retries, row.retriesRefused, row.hedges, row.fallbacks]),
    ),
    table(
      ['RULES', 'VERSION', 'CALLS', 'ERRORS', 'FAULTS', 'QUARANTINED'],
      report.rules.map(({ file, id, calls, errors, faults, quarantined }) => [
        file,
        id.slice(0, 12),
        calls,
        errors,
        faults,
        quarantined === null ? 'no' : `${age(now - quarantined.at)} ago: ${quarantined.reason}`,
      ]),
    ),
    table(
      ['SHADOW', 'RULES', 'VERSION', 'COMPARED', 'DIFFERING', 'FAILED', 'SKIPPED'],
      report.shadows.map(({ listener, file, id, compared, differing, failed, skipped }) => [
        listener,
        file,
        id.slice(0, 12),
        compared,
        differing,
        failed,
        skipped,
      ]),
    ),
    certificatesText(report.certificates, now, age),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** `up 5m`, `down 12s`, `up 5m, drain, left out by 1 of 2 workers for 3s`. */
function healthText(row: BackendRow, workers: number, now: number): string {
  const { activeCheck, reportedState, ejections } = row;
  const since = activeCheck?.isChecked === true ? ` ${age(now - activeCheck.since)}` : '';
  const state = reportedState === 'ready' ? '' : `, ${reportedState}`;
  const longest = Math.max(0, ...ejections.map(({ until }) => until - now));
  const out =
    ejections.length === 0
      ? ''
      : `, left out by ${ejections.length} of ${workers} workers for ${age(longest)}`;
  return `${row.health}${since}${state}${out}`;
}

/** A length of time in words. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d`;
}

function millis(ms: number): string {
  if (ms === 0) return '-';
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** What the columns do not say of a backend, what a command has set first. */
export function notes(row: BackendRow): string {
  const { file, slowStartShare, priority, isCandidate, state, weight, health, circuit } = row;
  const parts: string[] = [];
  if (circuit === 'open' || circuit === 'half-open') parts.push(`circuit ${circuit}`);
  if (file?.isMissing === true) parts.push('added by a command');
  if (file?.state != null) parts.push(`${state} by a command, ${file.state} in the file`);
  if (file?.weight != null) parts.push(`weight by a command, ${file.weight} in the file`);
  if (slowStartShare < 1 && isCandidate) parts.push(`slow start at ${Math.round(slowStartShare * 100)} %`);
  if (priority === BACKUP_PRIORITY) parts.push('backup');
  else if (priority > 0) parts.push(`group ${priority}`);
  // Nothing else on the line says why.
  if (!isCandidate && state === 'ready' && weight > 0 && health === 'up' && circuit !== 'open')
    parts.push('in reserve');
  return parts.join('; ');
}

/** A row of as many columns for a backend that the workers do not have any more. */
export function removedRow(upstream: string, address: string, between: number): Cell[] {
  return [upstream, address, ...Array.from({ length: between - 2 }, () => '-'), 'removed by a command'];
}
