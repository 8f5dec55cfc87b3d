import { AddressSetBuilder } from '../core/shared/address-set.ts';
import { inTurns } from '../core/shared/in-turns.ts';
import type { BenchOptions } from './options.ts';
import { median } from './process/median.ts';
import type { PluginPart } from './sections/plugins.ts';

const FEW = 10;
const MANY = 100_000;
const ASKED = 65_536;

/** What `acl` pays to look an address up in its lists, in this process. */
export async function measureAddressLists(options: BenchOptions): Promise<PluginPart> {
  const v4 = { few: await measure(options, FEW, v4Range), many: await measure(options, MANY, v4Range) };
  const v6 = { few: await measure(options, FEW, v6Range), many: await measure(options, MANY, v6Range) };
  return {
    rows: [
      ['acl: an IPv4 address, 10 ranges', `${v4.few.us.toFixed(3)} µs`],
      ['acl: an IPv4 address, 100,000 ranges', `${v4.many.us.toFixed(3)} µs`],
      ['acl: an IPv6 address, 10 ranges', `${v6.few.us.toFixed(3)} µs`],
      ['acl: an IPv6 address, 100,000 ranges', `${v6.many.us.toFixed(3)} µs`],
      [
        'acl: to read 100,000 ranges of IPv4, of IPv6',
        `${v4.many.buildMs.toFixed(0)}, ${v6.many.buildMs.toFixed(0)} ms`,
      ],
    ],
    bars: [
      {
        what: 'acl: a lookup among 100,000 ranges',
        measured: Math.max(v4.many.us, v6.many.us),
        most: 1,
        unit: 'µs',
      },
    ],
    notes: ['acl: every other address that is asked for is in a range; CPU time, medians of the rounds.'],
  };
}

/** Spread over the whole space, none within another. */
function v4Range(
  i: number,
  count: number,
): { readonly range: string; readonly inside: string; readonly beside: string } {
  const first = Math.floor((i * 0xff_ff_ff) / count);
  const prefix = `${first >> 16}.${(first >> 8) & 255}.${first & 255}`;
  return { range: `${prefix}.0/25`, inside: `${prefix}.${i & 127}`, beside: `${prefix}.${128 + (i & 127)}` };
}

function v6Range(
  i: number,
  count: number,
): { readonly range: string; readonly inside: string; readonly beside: string } {
  const first = Math.floor((i * 0xff_ff_ff) / count);
  const prefix = `2001:${(first >> 8).toString(16)}:${(first & 255).toString(16)}`;
  return {
    range: `${prefix}::/64`,
    inside: `${prefix}::${(i & 0xffff).toString(16)}:1`,
    beside: `${prefix}:1::${(i & 0xffff).toString(16)}:1`,
  };
}

async function measure(
  options: BenchOptions,
  count: number,
  rangeOf: typeof v4Range,
): Promise<{ readonly us: number; readonly buildMs: number }> {
  const before = cpuMs();
  const builder = new AddressSetBuilder();
  for (let i = 0; i < count; i++) builder.add(rangeOf(i, count).range);
  const set = await inTurns(builder.steps());
  const buildMs = cpuMs() - before;
  const asked = Array.from({ length: ASKED }, (_, i) => {
    const range = rangeOf((i * 7919) % count, count);
    return i % 2 === 0 ? range.inside : range.beside;
  });
  let found = 0;
  const run = (lookups: number): void => {
    for (let i = 0; i < lookups; i++) if (set.has(asked[i % ASKED] ?? '')) found += 1;
  };
  const lookups = options.quick ? 200_000 : 2_000_000;
  run(lookups);
  found = 0;
  const rounds = Array.from({ length: options.rounds }, () => {
    const started = cpuMs();
    run(lookups);
    return ((cpuMs() - started) * 1000) / lookups;
  });
  if (Math.abs(found / (lookups * options.rounds) - 0.5) > 0.01)
    throw new Error('the lookups find the wrong addresses');
  return { us: median(rounds), buildMs };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
