/**
 * The URL of a sibling module that runs as a process or thread of its own: `.ts` in the
 * repository, `.js` in the package. (The compiler rewrites import specifiers, not strings.)
 */
export function moduleUrl(base: string, name: string): URL {
  return new URL(`./${name}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
