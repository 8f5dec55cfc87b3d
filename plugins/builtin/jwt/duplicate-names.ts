/**
 * Whether an object in a JSON text, which has to be valid, has a name twice: readers differ in which one counts (RFC 8259 4),
 * so that a backend might see other claims than those that were looked at.
 */
export function hasDuplicateNames(json: string): boolean {
  /** The names of each object that is open, the innermost last; null for a list. */
  const open: (Set<string> | null)[] = [];
  let last = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = token;
    else {
      const names = open.at(-1);
      // `"\u0061"` and `"a"` are the same name.
      const name = String(JSON.parse(last));
      if (names?.has(name) === true) return true;
      names?.add(name);
    }
  }
  return false;
}
