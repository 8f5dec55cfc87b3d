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
    for (const value of this.#values(name)) return value;
    return null;
  }

  getAll(name: string): string[] {
    return [...this.#values(name)];
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  *#values(name: string): Generator<string, undefined> {
    // A client may send several fields (RFC 9113 8.2.3); taken together they are one list.
    const text = (this.#text ??= this.#headers.getAll('cookie').join(';'));
    for (let start = 0; start < text.length;) {
      const semicolon = text.indexOf(';', start);
      const end = semicolon < 0 ? text.length : semicolon;
      const equals = text.indexOf('=', start);
      if (equals >= 0 && equals < end && trimmed(text, start, equals) === name && name !== '')
        yield trimmed(text, equals + 1, end);
      start = end + 1;
    }
  }
}
