import type { PluginHeaders } from '../contract/message.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What the proxy writes itself. */
const OWNED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Read by some backends as the field with dashes, which is the proxy's own, they are neither passed on nor to be changed. */
const LOOKALIKE =
  /^x-forwarded-(?:for|host|port|proto)$|^x-request-id$|^x-client-cert-(?:subject|fingerprint)$/;

export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

export class TestHeaders implements PluginHeaders {
  #fields: (readonly [name: string, value: string])[];

  constructor(fields: Iterable<readonly [name: string, value: string]> = []) {
    this.#fields = [...fields];
  }

  static of(fields: HeaderFields): TestHeaders {
    const headers = new TestHeaders();
    for (const [name, value] of Object.entries(fields))
      for (const one of typeof value === 'string' ? [value] : value) headers.add(name, one);
    return headers;
  }

  get(name: string): string | null {
    const values = this.getAll(name);
    const first = values[0];
    if (first === undefined) return null;
    return /^(?:set-)?cookie$/i.test(name) ? first : values.join(', ');
  }

  getAll(name: string): readonly string[] {
    return this.#fields.filter(([own]) => same(own, name)).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.#fields.some(([own]) => same(own, name));
  }

  set(name: string, value: string): void {
    refuseOwned(name);
    this.write(name, value);
  }

  append(name: string, value: string): void {
    refuseOwned(name);
    this.add(name, value);
  }

  delete(name: string): void {
    refuseOwned(name);
    this.remove(name);
  }

  /** As `set`, `append` and `delete`, for the proxy's own fields too. */
  write(name: string, value: string): void {
    check(name, value);
    const at = this.#fields.findIndex(([own]) => same(own, name));
    if (at === -1) this.#fields.push([name, value]);
    else
      this.#fields = this.#fields.with(at, [name, value]).filter(([own], i) => i <= at || !same(own, name));
  }

  add(name: string, value: string): void {
    check(name, value);
    this.#fields.push([name, value]);
  }

  remove(name: string): void {
    this.#fields = this.#fields.filter(([own]) => !same(own, name));
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.#fields[Symbol.iterator]();
  }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function check(name: string, value: string): void {
  if (!TOKEN.test(name)) throw new TypeError(`${JSON.stringify(name)} is no header name`);
  if (!VALUE.test(value))
    throw new TypeError(
      `the value of ${JSON.stringify(name)} holds a character that no header may carry: ${JSON.stringify(value)}`,
    );
}

function refuseOwned(name: string): void {
  const dashed = name.toLowerCase().replaceAll('_', '-');
  if (OWNED.has(dashed) || (name.includes('_') && LOOKALIKE.test(dashed)))
    throw new TypeError(`the proxy itself writes the ${JSON.stringify(name)} header`);
}
