import type { StatusReport } from '../admin/status-report.ts';

type Cell = string | number;

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
    table(
      [
        'LISTENER',
        'ADDRESS',
        'CONNECTIONS',
        'REQUESTS',
        'IN FLIGHT',
        'WEBSOCKETS',
        '1XX',
        '2XX',
        '3XX',
        '4XX',
        '5XX',
        'REFUSED',
      ],
      report.listeners.map((row) => [
        row.name,
        row.address,
        row.connections,
        row.requests,
        row.inFlight,
        row.webSockets,
        ...row.statuses,
        row.refused,
      ]),
    ),
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
      ],
      report.upstreams.flatMap(({ name, backends }) =>
        backends.map((row): Cell[] => [
          name,
          row.address,
          row.weight,
          row.state,
          row.health,
          row.connections.active + row.connections.idle,
          row.inFlight,
          row.requests,
          row.errors,
          millis(row.latencyMs.p50),
          millis(row.latencyMs.p90),
          millis(row.latencyMs.p99),
        ]),
      ),
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
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Columns as wide as they need to be, numbers to the right; empty without rows. */
function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly Cell[], numbers: readonly boolean[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numbers[column] === true ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const numbers = head.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  return [line(head, numbers), ...rows.map((row) => line(row, numbers))].join('\n');
}

function age(ms: number): string {
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
