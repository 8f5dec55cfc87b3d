import type { AuditRow, BackendAudit } from '../admin/backend-audit.ts';
import type { BackendStatus, WorkerStatus } from '../ipc/messages.ts';
import type { SchedulerName, UpstreamConfig } from '../shared/config-types.ts';

/** What a scheduler's shares are to be compared with, and how far they may be off without a reason. */
const EXPECTATION: Readonly<
  Record<SchedulerName, { readonly by: 'turn' | 'weight' | 'key' | 'load'; readonly tolerance: number }>
> = {
  'round-robin': { by: 'turn', tolerance: 0.05 },
  weighted: { by: 'weight', tolerance: 0.05 },
  'weighted-round-robin': { by: 'weight', tolerance: 0.05 },
  random: { by: 'weight', tolerance: 0.05 },
  'weighted-random': { by: 'weight', tolerance: 0.05 },
  'power-of-two-choices': { by: 'weight', tolerance: 0.1 },
  'least-connections': { by: 'weight', tolerance: 0.25 },
  'key-modulo': { by: 'key', tolerance: 0.25 },
  'consistent-hash': { by: 'key', tolerance: 0.25 },
  maglev: { by: 'key', tolerance: 0.25 },
  'key-ranges': { by: 'load', tolerance: 0 },
  fastest: { by: 'load', tolerance: 0 },
  observed: { by: 'load', tolerance: 0 },
  predictive: { by: 'load', tolerance: 0 },
  'dynamic-ratio': { by: 'load', tolerance: 0 },
};

/** With fewer expected at some backend the chi-squared test says nothing. */
const FEWEST_EXPECTED = 5;

/** Requests per backend against what weights and scheduler should give, over all workers. Pure. */
export function auditUpstream(
  config: UpstreamConfig,
  windowMs: number,
  workers: readonly WorkerStatus[],
): BackendAudit {
  const { by, tolerance } = EXPECTATION[config.scheduler.type];
  const backends = merged(config.name, workers);
  const expectedOf = expectations(backends, by);
  const rows = backends.map((backend): AuditRow => ({
    address: backend.address,
    requests: backend.requests,
    sticky: backend.sticky,
    other: backend.other,
    expected: expectedOf.get(backend) ?? null,
    causes: causesOf(backend, windowMs),
  }));
  return {
    upstream: config.name,
    scheduler: config.scheduler.type,
    windowMs,
    ...judge(rows, by, tolerance, config),
    rows,
  };
}

interface Merged extends Pick<BackendStatus, 'address' | 'weight' | 'state' | 'health' | 'slowStartShare'> {
  readonly isCandidate: boolean;
  readonly isEjected: boolean;
  readonly isCircuitOpen: boolean;
  readonly requests: number;
  readonly sticky: number;
  readonly other: number;
  /** By the worker in which it is shortest; null: it takes none. */
  readonly takesRequestsForMs: number | null;
}

function merged(upstream: string, workers: readonly WorkerStatus[]): Merged[] {
  const all = workers
    .flatMap(({ upstreams }) => upstreams.filter(({ name }) => name === upstream))
    .flatMap(({ backends }) => backends);
  return [...Map.groupBy(all, ({ address }) => address).values()].flatMap((each) => {
    const [first] = each;
    const traffic = each.flatMap((row) => row.traffic ?? []);
    // An upstream in the place of a backend is looked at by itself.
    if (first === undefined || traffic.length === 0) return [];
    const times = traffic.flatMap(({ takesRequestsForMs }) => takesRequestsForMs ?? []);
    return [
      {
        address: first.address,
        weight: first.weight,
        state: first.state,
        health: first.health,
        slowStartShare: Math.min(...each.map(({ slowStartShare }) => slowStartShare)),
        isCandidate: each.some(({ isCandidate }) => isCandidate),
        isEjected: each.some(({ ejection }) => ejection !== null),
        isCircuitOpen: each.some(({ circuit }) => circuit === 'open'),
        requests: sum(traffic.map(({ scheduler }) => scheduler)),
        sticky: sum(traffic.map(({ session }) => session)),
        other: sum(traffic.map(({ other }) => other)),
        takesRequestsForMs: times.length === 0 ? null : Math.min(...times),
      },
    ];
  });
}

function expectations(
  backends: readonly Merged[],
  by: 'turn' | 'weight' | 'key' | 'load',
): Map<Merged, number> {
  const open = backends.filter(({ isCandidate }) => isCandidate);
  if (by === 'load') return new Map();
  const shareOf = ({ weight, slowStartShare }: Merged): number =>
    by === 'turn' ? 1 : weight * slowStartShare;
  const requests = sum(open.map((backend) => backend.requests));
  const whole = sum(open.map(shareOf));
  return new Map(open.map((backend) => [backend, (requests * shareOf(backend)) / whole]));
}

function causesOf(backend: Merged, windowMs: number): string[] {
  const { state, health, weight, isCandidate, isEjected, isCircuitOpen, slowStartShare, takesRequestsForMs } =
    backend;
  const causes: string[] = [];
  if (state !== 'ready') causes.push(state);
  if (health === 'down') causes.push('down');
  if (isEjected) causes.push('left out for its failures');
  if (isCircuitOpen) causes.push('its circuit is open');
  if (weight === 0) causes.push('weight 0');
  if (!isCandidate && causes.length === 0) causes.push('in reserve');
  if (isCandidate && slowStartShare < 1) causes.push(`slow start at ${Math.round(slowStartShare * 100)} %`);
  if (isCandidate && takesRequestsForMs !== null && takesRequestsForMs < windowMs)
    causes.push(`takes requests for ${Math.round(takesRequestsForMs / 1000)} s only`);
  return causes;
}

function judge(
  rows: readonly AuditRow[],
  by: 'turn' | 'weight' | 'key' | 'load',
  tolerance: number,
  config: UpstreamConfig,
): Pick<BackendAudit, 'verdict' | 'reason'> {
  const scheduler = config.scheduler.type;
  const open = rows.flatMap(({ requests, expected }) => (expected === null ? [] : [{ requests, expected }]));
  if (by === 'load')
    return { verdict: 'unknown', reason: `${scheduler} does not go by the weights of the config` };
  if (open.length === 0) return { verdict: 'unknown', reason: 'no backend takes requests' };
  if (open.some(({ expected }) => expected < FEWEST_EXPECTED))
    return {
      verdict: 'unknown',
      reason: 'too few requests: at least five are to be expected for each backend',
    };
  const off = Math.max(...open.map(({ requests, expected }) => Math.abs(requests - expected) / expected));
  const statistic = sum(open.map(({ requests, expected }) => (requests - expected) ** 2 / expected));
  const bound = chiSquaredBound(open.length - 1);
  const strays = rows.some(({ requests, expected }) => expected === null && requests > 0);
  const numbers = `chi-squared ${statistic.toFixed(1)}, by chance up to ${bound.toFixed(1)}; at most ${percent(off)} off, ${percent(tolerance)} is usual for ${scheduler}`;
  if (!strays && (open.length === 1 || statistic <= bound || off <= tolerance))
    return { verdict: 'even', reason: numbers };
  return { verdict: 'uneven', reason: `${likelyCause(rows, by, config)} (${numbers})` };
}

function likelyCause(
  rows: readonly AuditRow[],
  by: 'turn' | 'weight' | 'key',
  config: UpstreamConfig,
): string {
  const told = rows
    .filter(({ causes }) => causes.length > 0)
    .map(({ address, causes }) => `${address}: ${causes.join(', ')}`);
  if (told.length > 0) return `likely because of ${told.join('; ')}`;
  if (by === 'key') return 'likely because some keys are asked for more than others';
  if (config.maxConnections !== null || config.backends.some((row) => row.maxConnections !== undefined))
    return 'likely because backends that have `maxConnections` requests under way are passed over';
  const [all, sticky] = [sum(rows.map(({ requests }) => requests)), sum(rows.map((row) => row.sticky))];
  if (sticky > all)
    return 'likely because most requests are sticky, and a scheduler that counts them makes up for it with the others';
  if (config.scheduler.type === 'least-connections' || config.scheduler.type === 'power-of-two-choices')
    return 'likely because few requests are under way at a time, where an idle backend comes first whatever its weight, or because requests take longer at some backends';
  return 'likely because weights or backends were others for a part of the time';
}

/** What chance stays below in 999 cases of 1000 (the approximation of Wilson and Hilferty). */
function chiSquaredBound(freedom: number): number {
  if (freedom === 0) return 0;
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.09 * Math.sqrt(spread)) ** 3;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
