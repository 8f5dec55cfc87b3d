import type { SchedulerName } from '../shared/config-types.ts';
import { didYouMean } from '../shared/nearest-name.ts';
import type { Draft, UpstreamDraft } from './draft.ts';
import type { Finding } from './finding.ts';
import { showValue } from './finding.ts';
import { schedulerSettings, type SchedulerSettings } from './scheduler-schema.ts';

type Setting = Exclude<keyof SchedulerSettings, 'type'>;

/** The settings that a scheduler has, besides its name. */
const SETTINGS: Partial<Record<SchedulerName, readonly Setting[]>> = {
  'key-modulo': ['key', 'subKey'],
  'key-ranges': ['key', 'ranges'],
  'consistent-hash': ['key', 'subKey', 'bounded'],
  maglev: ['key', 'subKey', 'bounded', 'table'],
  'dynamic-ratio': ['header'],
};

/** What the settings of a scheduler have to do with its name, with each other and with the backends. */
export function schedulerFindings({ upstreams }: Draft): Finding[] {
  return [...(upstreams ?? [])].flatMap(([name, upstream]) => {
    if (upstream.scheduler === undefined) return [];
    const settings = schedulerSettings(upstream.scheduler);
    const path = ['upstreams', name, 'scheduler'];
    return [...settingFindings(settings, path), ...rangeFindings(settings, upstream, path)];
  });
}

function settingFindings(settings: SchedulerSettings, path: readonly PropertyKey[]): Finding[] {
  const { type, ...given } = settings;
  const known = SETTINGS[type] ?? [];
  const findings: Finding[] = [];
  for (const setting of Object.keys(given)) {
    if (known.some((each) => each === setting)) continue;
    const owners = Object.entries(SETTINGS).filter(([, each]) => each.some((one) => one === setting));
    const message = `expected it with ${owners.map(([owner]) => owner).join(', ')} only, found it with ${type}`;
    findings.push({ path: [...path, setting], message, atKey: true });
  }
  if (known.includes('key') && given.key === undefined)
    findings.push({
      path,
      message: `expected an object with \`key\` for ${type}, such as { type: '${type}', key: 'source' }, found none`,
    });
  if (known.includes('ranges') && given.ranges === undefined)
    findings.push({ path, message: `expected an object with \`ranges\` for ${type}, found none` });
  return findings;
}

function rangeFindings(
  { ranges = [] }: SchedulerSettings,
  { backends }: UpstreamDraft,
  path: readonly PropertyKey[],
): Finding[] {
  const kind = typeof ranges.map(({ from, to }) => from ?? to).find((each) => each !== undefined);
  const findings: Finding[] = [];
  const addresses = backends.flatMap((address) => (address === undefined ? [] : [address.text]));
  for (const [index, { from, to, backends: named }] of ranges.entries()) {
    const at = [...path, 'ranges', index];
    for (const key of ['from', 'to'] as const) {
      const value = key === 'from' ? from : to;
      if (value !== undefined && typeof value !== kind)
        findings.push({
          path: [...at, key],
          message: `expected a ${kind === 'number' ? 'number' : 'text'} as in the ranges before, found ${showValue(value)}`,
        });
    }
    if (from !== undefined && to !== undefined && typeof from === typeof to && from >= to)
      findings.push({
        path: [...at, 'to'],
        message: `expected more than \`from\` (${showValue(from)}), found ${showValue(to)}`,
      });
    for (const [place, address] of named.entries()) {
      if (addresses.includes(address) || backends.length > addresses.length) continue;
      findings.push({
        path: [...at, 'backends', place],
        message: `expected a backend of this upstream, found "${address}"${didYouMean(address, addresses)}`,
      });
    }
  }
  return findings.length > 0 ? findings : overlaps(ranges, path);
}

function overlaps(ranges: NonNullable<SchedulerSettings['ranges']>, path: readonly PropertyKey[]): Finding[] {
  const sorted = ranges
    .map((range, index) => ({ ...range, index }))
    .sort((a, b) => {
      if (a.from === undefined || b.from === undefined)
        return a.from === b.from ? 0 : a.from === undefined ? -1 : 1;
      return a.from < b.from ? -1 : a.from > b.from ? 1 : 0;
    });
  return sorted.flatMap((range, i) => {
    const before = sorted[i - 1];
    if (before === undefined) return [];
    const apart = range.from !== undefined && before.to !== undefined && before.to <= range.from;
    if (apart) return [];
    const message = `expected a range of its own, found one that overlaps ranges[${before.index}]`;
    return [{ path: [...path, 'ranges', range.index], message }];
  });
}
