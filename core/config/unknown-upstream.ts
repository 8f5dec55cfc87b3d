import { unknownUpstreamText } from '../shared/unknown-upstream.ts';
import type { Finding } from './finding.ts';

/** `names`: of the upstreams that there are. */
export function unknownUpstream(
  name: string,
  names: readonly string[],
  path: readonly PropertyKey[],
): Finding {
  return { path, message: unknownUpstreamText(name, names) };
}
