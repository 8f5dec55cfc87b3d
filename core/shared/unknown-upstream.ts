import { didYouMean } from './nearest-name.ts';

/** What is wrong with a name that is no upstream's. `names`: of the upstreams that there are. */
export function unknownUpstreamText(name: string, names: readonly string[]): string {
  const expected =
    names.length === 0
      ? 'the name of an upstream (there are none yet)'
      : `the name of an upstream (${shorten(names)})`;
  return `expected ${expected}, found "${name}"${didYouMean(name, names)}`;
}

function shorten(names: readonly string[]): string {
  return names.length <= 8
    ? names.join(', ')
    : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;
}
