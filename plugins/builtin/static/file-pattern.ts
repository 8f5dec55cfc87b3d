/** A path in which `*` stands for anything, slashes too. Takes linear time for each `*`. */
export class FilePattern {
  readonly #start: string;
  readonly #middle: readonly string[];
  readonly #end: string | null;

  constructor(pattern: string) {
    const [start = '', ...more] = pattern.split('*');
    this.#start = start;
    this.#end = more.at(-1) ?? null;
    this.#middle = more.slice(0, -1);
  }

  fits(path: string): boolean {
    if (this.#end === null) return path === this.#start;
    if (!path.startsWith(this.#start) || !path.endsWith(this.#end)) return false;
    let from = this.#start.length;
    const until = path.length - this.#end.length;
    for (const part of this.#middle) {
      const at = path.indexOf(part, from);
      if (at === -1) return false;
      from = at + part.length;
    }
    return from <= until;
  }
}
