import type { PluginRequest } from '../../../plugins/contract/exchange.ts';
import type { PluginHeaders } from '../../../plugins/contract/message.ts';
import { isAll, TARGET } from '../../http1/characters.ts';
import { parseAuthority } from '../../http1/request-target.ts';
import { normalisedPathOf } from '../../shared/normalise-path.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../headers.ts';
import { hasBody, type BodyFraming } from '../streams.ts';
import type { ExchangePlugins } from './exchange-plugins.ts';
import { HeadersOfMessage } from './plugin-headers.ts';

/** The request of an exchange, as plugins see it. */
export class RequestView implements PluginRequest {
  readonly #plugins: ExchangePlugins;
  readonly #exchange: Exchange;
  /** As received: a transform may change how the body is framed. */
  readonly #framing: BodyFraming;
  readonly #headers: HeadersOfMessage;
  /** Those of the attempt that `upstream` hooks are called for. */
  #attemptHeaders: HeadersOfMessage | null = null;

  constructor(plugins: ExchangePlugins) {
    const { exchange } = plugins;
    this.#plugins = plugins;
    this.#exchange = exchange;
    this.#framing = exchange.request.framing;
    this.#headers = new HeadersOfMessage(exchange.request.headers, () => (plugins.headChanged = true));
  }

  get method(): string {
    return this.#exchange.method;
  }

  get scheme(): 'http' | 'https' {
    return this.#exchange.scheme;
  }

  get version(): PluginRequest['version'] {
    return this.#exchange.request.version;
  }

  get target(): string {
    return this.#exchange.forwardTarget;
  }

  set target(target: string) {
    this.#checkTime('the target');
    const path = normalisedPathOf(target);
    if (typeof target !== 'string' || !target.startsWith('/') || !isAll(TARGET, target) || path === null)
      throw new TypeError(`${JSON.stringify(target)} is no target: a path without dot segments, and a query`);
    this.#exchange.target = target;
    this.#exchange.normalisedPath = path;
    this.#exchange.forwardTarget = target;
  }

  get path(): string {
    const { forwardTarget, target, path } = this.#exchange;
    return forwardTarget === target ? path : (normalisedPathOf(forwardTarget) ?? '');
  }

  get query(): string {
    const { forwardTarget } = this.#exchange;
    const mark = forwardTarget.indexOf('?');
    return mark === -1 ? '' : forwardTarget.slice(mark + 1);
  }

  get host(): string {
    return this.#exchange.host;
  }

  set host(host: string) {
    this.#checkTime('the host');
    const authority = parseAuthority(host);
    this.#exchange.host = authority;
    this.#exchange.request.headers.set('Host', authority);
    this.#plugins.headChanged = true;
  }

  get headers(): PluginHeaders {
    return this.#attemptHeaders ?? this.#headers;
  }

  get hasBody(): boolean {
    return hasBody(this.#framing);
  }

  get bodyLength(): number | null {
    return this.#framing.kind === 'length' ? this.#framing.bytes : null;
  }

  /** Shows these headers in place of the request's own while `run` runs. */
  withHeaders(headers: HeaderList, run: () => void): void {
    const before = this.#attemptHeaders;
    this.#attemptHeaders = new HeadersOfMessage(headers);
    try {
      run();
    } finally {
      this.#attemptHeaders = before;
    }
  }

  #checkTime(what: string): void {
    if (!this.#plugins.isOnWayIn) throw new Error(`${what} is set in a \`request\` hook`);
  }
}
