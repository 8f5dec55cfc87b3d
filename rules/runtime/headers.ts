import { fieldNameProblem, fieldValueProblem } from './field-rules.ts';

/** A message's header fields, read as the web's `Headers` are. Names are case-insensitive. */
export interface ReadonlyHeaders extends Iterable<[name: string, value: string]> {
  /** The field's value, several joined with `, `; null when there is none. */
  get(name: string): string | null;
  /** The values one by one, in the order received; empty when there is none. */
  getAll(name: string): string[];
  getSetCookie(): string[];
  has(name: string): boolean;
  /** Sorted by lower-case name, several values joined with `, ` (but each Set-Cookie by itself). */
  entries(): IterableIterator<[name: string, value: string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  forEach(visit: (value: string, name: string, headers: ReadonlyHeaders) => void, thisArg?: unknown): void;
}

/**
 * Header fields that a script may change. Values are strings of bytes (U+0000 to U+00FF), without
 * controls; `set`, `append` and `delete` throw a TypeError for anything else and for the fields
 * that the proxy itself writes (`content-length`, `transfer-encoding`, `connection`, `host`, …).
 */
export interface MutableHeaders extends ReadonlyHeaders {
  /** Replaces all fields of this name by one. */
  set(name: string, value: string): void;
  /** Adds a field, beside those of this name that exist. */
  append(name: string, value: string): void;
  delete(name: string): void;
}

interface Field {
  readonly lower: string;
  value: string;
}

/**
 * A header block over the raw lines (`name: value`, joined by CRLF). Reading one field searches the
 * text; only iterating and changing parse the whole of it.
 */
export class HeaderBlock implements MutableHeaders {
  readonly #head: string;
  readonly #immutable: string | null;
  #fields: Field[] | null = null;
  #edits: string[] | null = null;

  /** `immutable`: why changes throw, or null where they are allowed. */
  constructor(head: string, immutable: string | null) {
    this.#head = head;
    this.#immutable = immutable;
  }

  get(name: string): string | null {
    if (this.#fields === null) {
      // By far the most frequent: one field or none.
      const lower = String(name).toLowerCase();
      const start = this.#find(lower, 0);
      if (start < 0) return null;
      const end = this.#lineEnd(start);
      if (this.#find(lower, end + 2) < 0) return trimmed(this.#head, start, end);
    }
    const values = this.getAll(name);
    return values.length === 0 ? null : values.join(', ');
  }

  getAll(name: string): string[] {
    const lower = String(name).toLowerCase();
    if (this.#fields !== null)
      return this.#fields.filter((field) => field.lower === lower).map((field) => field.value);
    const values: string[] = [];
    let end: number;
    for (let start = this.#find(lower, 0); start >= 0; start = this.#find(lower, end + 2)) {
      end = this.#lineEnd(start);
      values.push(trimmed(this.#head, start, end));
    }
    return values;
  }

  getSetCookie(): string[] {
    return this.getAll('set-cookie');
  }

  has(name: string): boolean {
    return this.getAll(name).length > 0;
  }

  set(name: string, value: string): void {
    const [lower, text] = this.#check(name, value);
    const fields = this.#parsed();
    const first = fields.find((field) => field.lower === lower);
    if (first === undefined) {
      fields.push({ lower, value: text });
    } else {
      first.value = text;
      this.#fields = fields.filter((field) => field === first || field.lower !== lower);
    }
    this.#note('set', String(name), text);
  }

  append(name: string, value: string): void {
    const [lower, text] = this.#check(name, value);
    this.#parsed().push({ lower, value: text });
    this.#note('append', String(name), text);
  }

  delete(name: string): void {
    const [lower] = this.#check(name, '');
    this.#fields = this.#parsed().filter((field) => field.lower !== lower);
    this.#note('delete', String(name), '');
  }

  *entries(): Generator<[name: string, value: string], undefined> {
    const names = [...new Set(this.#parsed().map((field) => field.lower))].sort();
    for (const name of names) {
      if (name === 'set-cookie') for (const value of this.getAll(name)) yield [name, value];
      else yield [name, this.getAll(name).join(', ')];
    }
  }

  *keys(): Generator<string, undefined> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[name: string, value: string], undefined> {
    return this.entries();
  }

  forEach(visit: (value: string, name: string, headers: ReadonlyHeaders) => void, thisArg?: unknown): void {
    for (const [name, value] of this.entries()) visit.call(thisArg, value, name, this);
  }

  /** What was changed, as triples of operation, name and value; null for nothing. */
  static edits(block: HeaderBlock): string[] | null {
    return block.#edits;
  }

  /** Where the value of the first field of this name begins, from the beginning of a line on; or -1. */
  #find(lower: string, from: number): number {
    const head = this.#head;
    const { length } = lower;
    for (let line = from; line < head.length; line = this.#lineEnd(line) + 2) {
      // A colon in the right place is rare enough that nothing else needs to be fast.
      const colon = line + length;
      if (head.charCodeAt(colon) === COLON && head.slice(line, colon).toLowerCase() === lower)
        return colon + 1;
    }
    return -1;
  }

  #lineEnd(from: number): number {
    const end = this.#head.indexOf('\r', from);
    return end < 0 ? this.#head.length : end;
  }

  #check(name: string, value: string): [lower: string, value: string] {
    if (this.#immutable !== null) throw new TypeError(this.#immutable);
    const problem = fieldNameProblem(String(name));
    if (problem !== null) throw new TypeError(problem);
    const text = trimmed(String(value), 0, String(value).length);
    const valueProblem = fieldValueProblem(String(name), text);
    if (valueProblem !== null) throw new TypeError(valueProblem);
    return [String(name).toLowerCase(), text];
  }

  #note(op: string, name: string, value: string): void {
    (this.#edits ??= []).push(op, name, value);
  }

  #parsed(): Field[] {
    if (this.#fields !== null) return this.#fields;
    const fields: Field[] = [];
    const lines = this.#head === '' ? [] : this.#head.split('\r\n');
    for (const line of lines) {
      const colon = line.indexOf(':');
      fields.push({
        lower: line.slice(0, colon).toLowerCase(),
        value: trimmed(line, colon + 1, line.length),
      });
    }
    return (this.#fields = fields);
  }
}

const COLON = 0x3a;

/** The text without optional whitespace (RFC 9110 5.6.3) around it. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
