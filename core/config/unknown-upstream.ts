import { didYouMean } from '../shared/nearest-name.ts';
import type { Finding } from './finding.ts';

/** `names`: of the upstreams that there are. */
export function unknownUpstream(
  name: string,
  names: readonly string[],
  path: readonly PropertyKey[],
): Finding {
  const expected =
    names.length === 0
      ? 'the name of an upstream (there are none yet)'
      : `the name of an upstream (${shorten(names)})`;
  return { path, message: `expected ${expected}, found "${name}"${didYouMean(name, names)}` };
}

function shorten(names: readonly string[]): string {
  return names.length <= 8
    ? names.join(', ')
    : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
}
