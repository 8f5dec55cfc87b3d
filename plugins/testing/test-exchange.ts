import { normalisePath } from '../../core/shared/normalise-path.ts';
import { RuleVariables, type VariableValue } from '../../core/shared/rule-variables.ts';
import type {
  PluginConnection,
  PluginFinishedExchange,
  PluginRequest,
  PluginResponse,
} from '../contract/exchange.ts';
import type { PluginAnswer } from '../contract/message.ts';
import type { TestHeaders } from './test-headers.ts';

export class TestRequestHead implements PluginRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly version: PluginRequest['version'];
  readonly headers: TestHeaders;
  readonly hasBody: boolean;
  readonly bodyLength: number | null;
  /** Whether `request` hooks are called: later it is too late for another target or host. */
  isOnWayIn = true;
  #target = '/';
  #path = '/';
  #host = '';

  constructor(given: {
    readonly method: string;
    readonly scheme: 'http' | 'https';
    readonly version: PluginRequest['version'];
    readonly target: string;
    readonly host: string;
    readonly headers: TestHeaders;
    readonly hasBody: boolean;
    readonly bodyLength: number | null;
  }) {
    this.method = given.method;
    this.scheme = given.scheme;
    this.version = given.version;
    this.headers = given.headers;
    this.hasBody = given.hasBody;
    this.bodyLength = given.bodyLength;
    if (given.target === '*') this.#target = this.#path = '*';
    else this.target = given.target;
    this.host = given.host;
  }

  get target(): string {
    return this.#target;
  }

  set target(target: string) {
    this.#checkTime('the target');
    const path = /^\/[\x21\x22\x24-\x7e]*$/.test(target) ? normalisePath(target.replace(/\?.*$/, '')) : null;
    if (path === null) throw new TypeError(`no origin-form target: ${JSON.stringify(target)}`);
    this.#target = target;
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  get query(): string {
    const at = this.#target.indexOf('?');
    return at === -1 ? '' : this.#target.slice(at + 1);
  }

  get host(): string {
    return this.#host;
  }

  set host(host: string) {
    this.#checkTime('the host');
    if (!/^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~-]+)(?::[0-9]{1,5})?$/.test(host))
      throw new TypeError(`no host and port: ${JSON.stringify(host)}`);
    this.#host = host.toLowerCase();
    this.headers.write('Host', this.#host);
  }

  #checkTime(what: string): void {
    if (!this.isOnWayIn) throw new Error(`${what} is set in a \`request\` hook`);
  }
}

export interface TestResponseHead extends PluginResponse {
  status: number;
  readonly headers: TestHeaders;
  hasBody: boolean;
}

/** What a hook's `refuse` or `abort` asks for. */
export type Ending = { readonly answer: PluginAnswer } | 'aborted' | 'client-abort';

export class TestExchange implements PluginFinishedExchange {
  readonly id = 'test-request';
  readonly connection: PluginConnection;
  readonly clientAddress: string;
  readonly request: TestRequestHead;
  readonly logFields: Record<string, string | number | boolean> = {};
  readonly variables: Record<string, VariableValue> = {};
  readonly #bounds = new RuleVariables();
  readonly #ended = new AbortController();
  readonly #checkUpstream: (name: string) => void;
  #response: TestResponseHead | null = null;
  upstream: string | null;
  backend: string | null = null;
  status: number | null = null;
  error: string | null = null;
  requestBytes = 0;
  responseBytes = 0;
  durationMs = 0;
  ending: Ending | null = null;

  constructor(
    request: TestRequestHead,
    connection: PluginConnection,
    clientAddress: string,
    upstream: string | null,
    checkUpstream: (name: string) => void,
  ) {
    this.request = request;
    this.connection = connection;
    this.clientAddress = clientAddress;
    this.upstream = upstream;
    this.#checkUpstream = checkUpstream;
  }

  get response(): TestResponseHead {
    if (this.#response === null) throw new Error('there is no answer yet');
    return this.#response;
  }

  answered(response: TestResponseHead): void {
    this.#response = response;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  place(upstream: string): void {
    this.#checkUpstream(upstream);
    this.upstream = upstream;
  }

  refuse(answer: PluginAnswer): void {
    this.ending ??= { answer };
  }

  abort(): void {
    this.end('aborted');
  }

  /** Ends it early, without an answer. */
  end(how: 'aborted' | 'client-abort'): void {
    if (this.ending !== null) return;
    this.ending = how;
    this.error = how;
    this.#ended.abort();
  }

  setVariable(name: string, value: VariableValue): void {
    this.#bounds.set(name, value);
    this.variables[name] = value;
  }

  setLogField(name: string, value: string | number | boolean): void {
    this.logFields[name] = value;
  }
}
