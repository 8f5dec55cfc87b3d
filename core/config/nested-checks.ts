import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { unknownUpstream } from './unknown-upstream.ts';

/** A pick goes down this many upstreams at most. */
const DEEPEST = 8;

type Edges = ReadonlyMap<string, readonly { readonly to: string; readonly path: readonly PropertyKey[] }[]>;

/** Upstreams in the place of backends: they exist, each stands once in an upstream, and a pick comes to an end. */
export function nestedUpstreamFindings({ upstreams }: Draft): Finding[] {
  if (upstreams === null) return [];
  const names = [...upstreams.keys()];
  const findings: Finding[] = [];
  const edges: Edges = new Map(
    [...upstreams].map(([name, { rows }]) => {
      const seen = new Set<string>();
      const known = rows.flatMap(({ upstream }, index) => {
        if (upstream === undefined) return [];
        const path = ['upstreams', name, 'backends', index, 'upstream'];
        if (!upstreams.has(upstream)) {
          findings.push(unknownUpstream(upstream, names, path));
          return [];
        }
        if (seen.has(upstream)) {
          findings.push({ path, message: `expected each upstream once, found "${upstream}" twice` });
          return [];
        }
        seen.add(upstream);
        return [{ to: upstream, path }];
      });
      return [name, known];
    }),
  );
  return [...findings, ...endlessPicks(edges)];
}

/** Every cycle once, at the row that closes it; without one, chains that are too long. */
function endlessPicks(edges: Edges): Finding[] {
  const findings: Finding[] = [];
  const depths = new Map<string, number>();
  const chain: string[] = [];
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    chain.push(name);
    let depth = 1;
    for (const { to, path } of edges.get(name) ?? []) {
      const at = chain.indexOf(to);
      if (at === -1) depth = Math.max(depth, 1 + depthOf(to));
      else {
        const cycle = [...chain.slice(at), to].join(' → ');
        findings.push({ path, message: `expected an upstream that does not lead back here, found ${cycle}` });
      }
    }
    chain.pop();
    depths.set(name, depth);
    return depth;
  };
  for (const name of edges.keys()) {
    const depth = depthOf(name);
    if (depth > DEEPEST && findings.length === 0) {
      const message = `expected at most ${DEEPEST} upstreams within each other, found ${depth}`;
      findings.push({ path: ['upstreams', name], message });
    }
  }
  return findings;
}
