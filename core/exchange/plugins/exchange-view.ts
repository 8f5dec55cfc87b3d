import type {
  PluginAnsweredExchange,
  PluginConnection,
  PluginFinishedExchange,
} from '../../../plugins/contract/exchange.ts';
import type { PluginAnswer } from '../../../plugins/contract/message.ts';
import { RuleVariables, type VariableValue } from '../../shared/rule-variables.ts';
import { connectionView } from './connection-view.ts';
import type { ExchangePlugins } from './exchange-plugins.ts';
import { RequestView } from './request-view.ts';
import type { ResponseView } from './response-view.ts';

/** Fields of the access log that plugins give one exchange; more than anybody reads. */
const MAX_LOG_FIELDS = 64;

/** An exchange as plugins see it, from its beginning to its end: what a hook may not use yet its type does not show. */
export class ExchangeView implements PluginAnsweredExchange, PluginFinishedExchange {
  readonly request: RequestView;
  readonly #plugins: ExchangePlugins;
  /** The backend of the attempt that `upstream` hooks are called for. */
  picked: string | null = null;

  constructor(plugins: ExchangePlugins) {
    this.#plugins = plugins;
    this.request = new RequestView(plugins);
  }

  get id(): string {
    return this.#plugins.exchange.requestId;
  }

  get connection(): PluginConnection {
    const { peer, service } = this.#plugins.exchange;
    return connectionView(peer, service.config);
  }

  get clientAddress(): string {
    return this.#plugins.exchange.clientAddress;
  }

  get upstream(): string | null {
    const { placed, exchange } = this.#plugins;
    return (placed ?? exchange.upstream)?.name ?? null;
  }

  get backend(): string | null {
    return this.picked ?? this.#plugins.exchange.lastBackend?.addressText ?? null;
  }

  get response(): ResponseView {
    const { out } = this.#plugins;
    if (out === null) throw new Error('there is no answer yet');
    return out.view;
  }

  get signal(): AbortSignal {
    return this.#plugins.signal;
  }

  get status(): number | null {
    return this.#plugins.exchange.status;
  }

  get error(): string | null {
    return this.#plugins.exchange.error?.code ?? null;
  }

  get requestBytes(): number {
    return this.#plugins.exchange.requestBytes;
  }

  get responseBytes(): number {
    return this.#plugins.exchange.responseBytes;
  }

  get durationMs(): number {
    return performance.now() - this.#plugins.exchange.startMs;
  }

  place(upstream: string): void {
    this.#plugins.place(upstream);
  }

  refuse(answer: PluginAnswer): void {
    this.#plugins.refuse(answer);
  }

  abort(): void {
    this.#plugins.abort();
  }

  setVariable(name: string, value: VariableValue): void {
    (this.#plugins.variables ??= new RuleVariables()).set(name, value);
  }

  setLogField(name: string, value: string | number | boolean): void {
    const fields = (this.#plugins.logFields ??= {});
    if (Object.hasOwn(fields, name) || Object.keys(fields).length < MAX_LOG_FIELDS) fields[name] = value;
  }
}
