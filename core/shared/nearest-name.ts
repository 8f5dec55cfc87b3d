import { closest, distance } from 'fastest-levenshtein';

/** The known name that `word` is most likely a misspelling of, or undefined where none is near. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const folded = word.toLowerCase();
  const sameLetters = known.find((name) => name.toLowerCase() === folded);
  if (sameLetters !== undefined) return sameLetters;
  const name = closest(word, known);
  return distance(word, name) <= Math.max(1, Math.round(Math.min(word.length, name.length) * 0.4))
    ? name
    : undefined;
}

/** What is said of an upstream that is none of `upstreams`. */
export function noSuchUpstream(name: string, upstreams: readonly { readonly name: string }[]): string {
  const names = upstreams.map((upstream) => upstream.name);
  return `there is no upstream "${name}"${didYouMean(name, names)}`;
}

/** `` ; did you mean `upstream`? `` or nothing: the end of a message about an unknown name. */
export function didYouMean(word: string, known: readonly string[]): string {
  const name = nearestName(word, known);
  return name === undefined ? '' : `; did you mean \`${name}\`?`;
}
