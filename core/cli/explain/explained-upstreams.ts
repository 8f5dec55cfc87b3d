import type { Config, UpstreamConfig } from '../../shared/config-types.ts';
import type { SchedulerKey } from '../../shared/scheduler-key.ts';
import { AddressBackend, BackendRuntime } from '../../upstreams/backend.ts';
import { nestUpstreams } from '../../upstreams/nested-backend.ts';
import { Upstream } from '../../upstreams/upstream.ts';
import type { Step } from './explanation.ts';

/** What upstreams get from a listener. */
export type Sent = 'requests' | 'connections' | 'sessions';

/** By name, as they are in a process that has just begun. */
export function upstreamsAsWritten(config: Config): ReadonlyMap<string, Upstream> {
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, asWritten(upstream)]));
  nestUpstreams(upstreams);
  return upstreams;
}

/** With one backend for each row: which addresses a host name stands for depends on when one asks. The client is new: nobody sticks to any. With several workers the first turn is anybody's. */
function asWritten(config: UpstreamConfig): Upstream {
  return new Upstream(
    { ...config, sticky: null, workers: 1 },
    config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime())),
  );
}

/** `reason`: why it was to be this one. */
export function missingUpstream(
  name: string,
  reason: string,
  upstreams: ReadonlyMap<string, Upstream>,
): Step {
  return {
    step: 'upstream',
    text: `"${name}" does not exist`,
    details: [reason, `there is ${[...upstreams.keys()].join(', ')}`],
  };
}

/** Why an upstream is the next one. */
export function fallbackOf(name: string): string {
  return `it stands in for ${name}, which has no backend for it`;
}

/** `reason`: null where its scheduler has picked it. */
export function backendStep(
  upstream: Upstream,
  backend: AddressBackend | undefined,
  reason: string | null,
  keyFor: (wanted: SchedulerKey) => string | undefined,
  sent: Sent,
): Step {
  const candidates = upstream.candidates();
  const table = [...upstream.backends, ...upstream.nested].map(
    (one) =>
      `${one.addressText}: weight ${one.weight}${candidates.includes(one) ? '' : `, takes no new ${sent}`}`,
  );
  if (backend === undefined) return { step: 'backend', text: 'none', details: table };
  const byScheduler =
    candidates.length === 1
      ? `the only one that takes ${sent}`
      : byWhat(upstream, upstream.key === null ? undefined : keyFor(upstream.key), candidates.length, sent);
  const through = backend.settings.name === upstream.name ? [] : [`a backend of ${backend.settings.name}`];
  return {
    step: 'backend',
    text: backend.addressText,
    details: [reason ?? byScheduler, ...through, ...table],
  };
}

function byWhat(
  { key: wanted, config }: Upstream,
  key: string | undefined,
  candidates: number,
  sent: Sent,
): string {
  const { type } = config.scheduler;
  if (key !== undefined) return `${type} picks it of ${candidates} for the key ${JSON.stringify(key)}`;
  const without = wanted === null ? '' : ` without a key (${config.scheduler.key})`;
  return `${type} picks it first of ${candidates}${without}; later ${sent} get the others`;
}
