import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { unknownUpstream } from './unknown-upstream.ts';

/** A request passes through this many upstreams at most. */
const LONGEST = 4;

/** Upstreams that stand in for others: they exist, and a chain of them comes to an end soon. */
export function fallbackFindings({ upstreams }: Draft): Finding[] {
  if (upstreams === null) return [];
  const names = [...upstreams.keys()];
  const inCycle = new Set<string>();
  return names.flatMap((name): Finding[] => {
    const fallback = upstreams.get(name)?.fallback;
    if (fallback === undefined) return [];
    const path = ['upstreams', name, 'fallback'];
    if (!upstreams.has(fallback)) return [unknownUpstream(fallback, names, path)];
    const chain = [name];
    for (let next: string | undefined = fallback; next !== undefined; next = upstreams.get(next)?.fallback) {
      const at = chain.indexOf(next);
      if (at !== -1) {
        // Told once, for the first that is part of it.
        const isNews = at === 0 && !inCycle.has(name);
        if (isNews) for (const each of chain) inCycle.add(each);
        const message = `expected an upstream that does not lead back here, found ${[...chain, next].join(' → ')}`;
        return isNews ? [{ path, message }] : [];
      }
      chain.push(next);
    }
    if (chain.length <= LONGEST) return [];
    return [
      {
        path,
        message: `expected at most ${LONGEST} upstreams one after the other, found ${chain.join(' → ')}`,
      },
    ];
  });
}
