import type { HttpProbeConfig } from '../../shared/health-types.ts';
import type { ProbeResult } from './probe.ts';

const mostWeight = 65_535;

/** Whether the status leaves something for the body to say. */
export function wantsBody(probe: HttpProbeConfig, status: number): boolean {
  return isGood(probe, status) && (probe.body !== null || probe.weightField !== null);
}

/** What an answer over any version of HTTP says. `body`: latin1. */
export function judgeAnswer(probe: HttpProbeConfig, status: number, body: string): ProbeResult {
  if (!isGood(probe, status)) return { ok: false, reason: `status ${status}` };
  if (probe.body !== null && !body.includes(probe.body))
    return { ok: false, reason: `status ${status}, but the body does not hold the expected text` };
  const weight = probe.weightField === null ? {} : { reportedWeight: weightIn(body, probe.weightField) };
  return { ok: true, reason: `status ${status}`, ...weight };
}

function isGood({ statuses }: HttpProbeConfig, status: number): boolean {
  return statuses.some(([first, last]) => status >= first && status <= last);
}

/** The number at `load.weight`, say, of a JSON text; null where there is none that could be a weight. */
function weightIn(body: string, path: string): number | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body, 'latin1').toString());
  } catch {
    return null;
  }
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return typeof value === 'number' && value >= 0 && value <= mostWeight ? value : null;
}
