import { trimmed, type ReadonlyHeaders } from './headers.ts';

/** The request's cookies. Values are as sent: neither unquoted nor percent-decoded. Names are case-sensitive. */
export interface Cookies {
  /** The first cookie of this name (the one with the most specific path, RFC 6265 5.4), or null. */
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
}

export class CookieJar implements Cookies {
  readonly #headers: ReadonlyHeaders;
  #text: string | null = null;

  constructor(headers: ReadonlyHeaders) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    return this.#find(name, null);
  }

  getAll(name: string): string[] {
    const values: string[] = [];
    this.#find(name, values);
    return values;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  /** The first value of this name, or, when there is somewhere to put them, all. */
  #find(name: string, all: string[] | null): string | null {
    // A client may send several fields (RFC 9113 8.2.3); taken together they are one list.
    const text = (this.#text ??= this.#headers.getAll('cookie').join(';'));
    if (name === '') return null;
    for (let start = 0; start < text.length;) {
      const semicolon = text.indexOf(';', start);
      const end = semicolon < 0 ? text.length : semicolon;
      const equals = text.indexOf('=', start);
      if (equals >= 0 && equals < end && trimmed(text, start, equals) === name) {
        const value = trimmed(text, equals + 1, end);
        if (all === null) return value;
        all.push(value);
      }
      start = end + 1;
    }
    return null;
  }
}
