import type { TlsInfo } from '../../core/shared/tls-info.ts';
import { RequestClient, type Client } from './client.ts';
import { CookieJar, type Cookies } from './cookies.ts';
import { HeaderBlock, type MutableHeaders, type ReadonlyHeaders } from './headers.ts';
import { URLSearchParams } from './url-search-params.ts';
import { ParsedVariables, type Variables } from './variables.ts';

/** The query's parameters, read as the web's `URLSearchParams`; `new URLSearchParams(req.query)` gives a copy to change. */
export type Query = Omit<URLSearchParams, 'append' | 'delete' | 'set' | 'sort'>;

/** A request as the handlers other than `request` see it: it is sent already, so nothing of it can change. */
export interface SentRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Host and port as sent, in lower case; empty for an HTTP/1.0 request without Host. */
  readonly host: string;
  /** The host without its port. */
  readonly hostname: string;
  /** The request-target as received: path and query, or `*`. */
  readonly target: string;
  /** The path that routes are matched against: normalised (RFC 3986 6.2.2), without the query. */
  readonly path: string;
  /** `scheme://host` and the target. */
  readonly url: string;
  readonly query: Query;
  readonly headers: ReadonlyHeaders;
  readonly cookies: Cookies;
  readonly client: Client;
  /** What is known of the TLS connection; null on a plain one. */
  readonly tls: TlsInfo | null;
  /** What plugins say of the request. */
  readonly variables: Variables;
}

/** A request on its way in. Changes of `headers` go to the backend when the request is forwarded, by this decision or a later one. */
export interface RuleRequest extends SentRequest {
  readonly headers: MutableHeaders;
}

/** The host wrote it, so it is what it says. */
const parseTls: (json: string) => TlsInfo = JSON.parse;

/**
 * Made anew for each call over the one string that crosses (see `rules/bridge.ts`), and parsed as
 * far as the script looks: a script that keeps it keeps this request only.
 */
export class RequestHandle implements RuleRequest {
  readonly #text: string;
  readonly #immutable: string | null;
  #headers: HeaderBlock | null = null;
  #cookies: Cookies | null = null;
  #client: Client | null = null;
  #query: URLSearchParams | null = null;
  #tls: TlsInfo | null = null;
  #variables: Variables | null = null;

  constructor(text: string, immutable: string | null) {
    this.#text = text;
    this.#immutable = immutable;
  }

  get method(): string {
    return this.#part(METHOD);
  }

  get scheme(): 'http' | 'https' {
    return this.#part(SCHEME) === 'https' ? 'https' : 'http';
  }

  get host(): string {
    return this.#part(HOST);
  }

  get hostname(): string {
    return this.host.replace(/:\d*$/, '');
  }

  get target(): string {
    return this.#part(TARGET);
  }

  get path(): string {
    // Empty where it is the target's own path.
    return this.#part(PATH) || withoutQuery(this.target);
  }

  get url(): string {
    return `${this.scheme}://${this.host}${this.target}`;
  }

  get query(): Query {
    return (this.#query ??= new URLSearchParams(queryOf(this.target)));
  }

  get headers(): MutableHeaders {
    return (this.#headers ??= new HeaderBlock(this.#part(HEAD), this.#immutable));
  }

  get cookies(): Cookies {
    return (this.#cookies ??= new CookieJar(this.headers));
  }

  get client(): Client {
    return (this.#client ??= new RequestClient(this.#part(CLIENT)));
  }

  get tls(): TlsInfo | null {
    const text = this.#tls === null ? this.#tlsAndVariables()[0] : '';
    if (text !== '') this.#tls = parseTls(text);
    return this.#tls;
  }

  get variables(): Variables {
    return (this.#variables ??= new ParsedVariables(this.#tlsAndVariables()[1]));
  }

  static edits(request: RequestHandle): string[] | null {
    return request.#headers === null ? null : HeaderBlock.edits(request.#headers);
  }

  /** The variables are left out, with the tab before them, where there are none. JSON holds no tab as such. */
  #tlsAndVariables(): readonly [tls: string, variables: string] {
    const text = this.#part(TLS);
    const tab = text.indexOf('\t');
    return tab < 0 ? [text, ''] : [text.slice(0, tab), text.slice(tab + 1)];
  }

  /** Found anew each time: most scripts look at few parts, and once. */
  #part(index: number): string {
    const text = this.#text;
    let from = 0;
    for (let skipped = 0; skipped < index; skipped++) from = text.indexOf('\n', from) + 1;
    return index === HEAD ? text.slice(from) : text.slice(from, text.indexOf('\n', from));
  }
}

// The parts of the text, what scripts look at most first. Each but the last ends in a line feed, which none of them can hold.
const TARGET = 0;
const PATH = 1;
const HOST = 2;
const CLIENT = 3;
const METHOD = 4;
const SCHEME = 5;
/** Followed by variables. */
const TLS = 6;
const HEAD = 7;

/** The query with its `?`, or nothing. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark);
}

function withoutQuery(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? target : target.slice(0, mark);
}
