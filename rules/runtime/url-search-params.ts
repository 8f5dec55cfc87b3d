import { decodeUtf8, encodeUtf8 } from './utf8.ts';

export type URLSearchParamsInit =
  string | Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/** The web's URLSearchParams (URL Standard, section 6). */
export class URLSearchParams {
  #pairs: [name: string, value: string][] = [];

  constructor(init?: URLSearchParamsInit) {
    if (init === undefined || init === null) return;
    if (typeof init === 'string') {
      this.#pairs = parse(init.startsWith('?') ? init.slice(1) : init);
    } else if (isIterable(init)) {
      for (const pair of init) {
        const [name, value, ...rest] = pair;
        if (name === undefined || value === undefined || rest.length > 0) {
          throw new TypeError('URLSearchParams: every item must be a pair of name and value');
        }
        this.append(name, value);
      }
    } else {
      for (const name of Object.keys(init)) this.set(name, init[name] ?? '');
    }
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: string, value: string): void {
    this.#pairs.push([usv(name), usv(value)]);
  }

  delete(name: string, value?: string): void {
    const wanted = usv(name);
    const only = value === undefined ? undefined : usv(value);
    this.#pairs = this.#pairs.filter(
      (pair) => pair[0] !== wanted || (only !== undefined && pair[1] !== only),
    );
  }

  get(name: string): string | null {
    const wanted = usv(name);
    for (const pair of this.#pairs) if (pair[0] === wanted) return pair[1];
    return null;
  }

  getAll(name: string): string[] {
    const wanted = usv(name);
    return this.#pairs.filter((pair) => pair[0] === wanted).map((pair) => pair[1]);
  }

  has(name: string, value?: string): boolean {
    const wanted = usv(name);
    const only = value === undefined ? undefined : usv(value);
    return this.#pairs.some((pair) => pair[0] === wanted && (only === undefined || pair[1] === only));
  }

  set(name: string, value: string): void {
    const wanted = usv(name);
    let placed = false;
    this.#pairs = this.#pairs.filter((pair) => {
      if (pair[0] !== wanted) return true;
      if (placed) return false;
      placed = true;
      pair[1] = usv(value);
      return true;
    });
    if (!placed) this.#pairs.push([wanted, usv(value)]);
  }

  sort(): void {
    this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  }

  forEach(visit: (value: string, name: string, params: URLSearchParams) => void, thisArg?: unknown): void {
    for (const [name, value] of this) visit.call(thisArg, value, name, this);
  }

  *keys(): Generator<string, undefined> {
    for (const pair of this.#pairs) yield pair[0];
  }

  *values(): Generator<string, undefined> {
    for (const pair of this.#pairs) yield pair[1];
  }

  *entries(): Generator<[string, string], undefined> {
    for (const pair of this.#pairs) yield [pair[0], pair[1]];
  }

  [Symbol.iterator](): Generator<[string, string], undefined> {
    return this.entries();
  }

  toString(): string {
    return this.#pairs.map(([name, value]) => `${encodeForm(name)}=${encodeForm(value)}`).join('&');
  }
}

function isIterable(init: object): init is Iterable<readonly [string, string]> {
  return Symbol.iterator in init;
}

/** Lone surrogates become U+FFFD, as in every USVString of the web. */
function usv(value: string): string {
  return String(value).toWellFormed();
}

function parse(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    pairs.push(
      equals < 0
        ? [decodeForm(part), '']
        : [decodeForm(part.slice(0, equals)), decodeForm(part.slice(equals + 1))],
    );
  }
  return pairs;
}

function decodeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced.toWellFormed();
  const source = encodeUtf8(spaced);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let index = 0; index < source.length; index++) {
    const byte = source[index] ?? 0;
    const high = byte === 0x25 ? hexDigit(source[index + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(source[index + 2]);
    if (low >= 0) index += 2;
    bytes[length++] = low >= 0 ? high * 16 + low : byte;
  }
  return decodeUtf8(bytes.subarray(0, length), false);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function encodeForm(text: string): string {
  if (/^[A-Za-z0-9*._-]*$/.test(text)) return text;
  let out = '';
  for (const byte of encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    if (byte === 0x20) out += '+';
    else if (/[A-Za-z0-9*._-]/.test(character)) out += character;
    else out += `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;
  }
  return out;
}
