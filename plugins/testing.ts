import type { Plugin } from './api.ts';
import type { PluginConnection, PluginRequest } from './contract/exchange.ts';
import type { PluginHooks } from './contract/hooks.ts';
import type { TlsInfo } from '../core/shared/tls-info.ts';
import type { BodyPieces } from './testing/body-pieces.ts';
import {
  runExchange,
  toPieces,
  type TestBackend,
  type TestBackendAnswer,
  type TestedAnswer,
} from './testing/run-exchange.ts';
import { TestContext, type TestLogLine, type TestPluginSetting } from './testing/test-context.ts';
import { TestExchange, TestRequestHead } from './testing/test-exchange.ts';
import { TestHeaders, type HeaderFields } from './testing/test-headers.ts';

export { TestSiblings } from './testing/test-context.ts';
export type { TestLogLine, TestPluginSetting, TestSubanswer } from './testing/test-context.ts';
export type { BodyPieces } from './testing/body-pieces.ts';
export type { SentRequest, TestBackend, TestBackendAnswer, TestedAnswer } from './testing/run-exchange.ts';

export interface TestPluginConnection {
  /** The peer's IP address; 127.0.0.1 unless given. */
  readonly address?: string;
  /** `test` unless given. */
  readonly listener?: string;
  /** `https` with `tls` and `http` without unless given. */
  readonly protocol?: PluginConnection['protocol'];
  /** null, a plain connection, unless given. What is left out: TLS 1.3, no server name, no certificate. */
  readonly tls?: Partial<TlsInfo> | null;
}

export interface TestPluginRequest {
  /** An absolute URL, or a path (then at `http://localhost`), or `*`. `/` unless given. */
  readonly url?: string;
  /** GET unless given. */
  readonly method?: string;
  readonly headers?: HeaderFields;
  /** With text or bytes there is a Content-Length; with pieces there is none. */
  readonly body?: string | Uint8Array | BodyPieces;
  /** The client's IP address; the connection's unless given. */
  readonly client?: string;
  /** From `tested.connection(…)`, for several requests on one; else each has its own. */
  readonly connection?: PluginConnection;
  /** HTTP/1.1 unless given. */
  readonly version?: PluginRequest['version'];
  /** For a plugin of an upstream: placed there before its hooks are called. */
  readonly upstream?: string;
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal;
}

/** An instance of a plugin, with a Tidegate around it that is made up in memory. */
export interface TestedPlugin extends AsyncDisposable {
  /**
   * Sends a request through the hooks to a backend that gives `answer` (an empty 200 unless given).
   * Rejects with what a hook throws, whatever `onError` would make of it.
   */
  request(request?: TestPluginRequest, answer?: TestBackendAnswer | TestBackend): Promise<TestedAnswer>;
  connection(connection?: TestPluginConnection): PluginConnection;
  /** What the `connect` hook says. */
  connect(connection?: TestPluginConnection): 'accept' | 'deny';
  /** What the `tls` hook says. */
  tls(
    handshake?: { readonly serverName?: string; readonly alpn?: readonly string[] },
    connection?: TestPluginConnection,
  ): 'accept' | 'deny';
  /** Says that a file which the plugin watches has changed; the file system itself is not watched. */
  fileChanged(path: string): void;
  /** What it wrote to the log. */
  readonly logs: readonly TestLogLine[];
  /** What it provides to other plugins. */
  readonly provides: Readonly<Record<string, unknown>>;
  status(): Readonly<Record<string, string | number | boolean>>;
  /** Aborts the context's signal and calls the `close` hook, once. */
  close(): Promise<void>;
}

/**
 * Validates options as Tidegate does and makes an instance, for a test of the plugin. `options`: as in the config; `{}` unless given.
 * Rejects with an Error that lists what is wrong with the options, or with what `create` throws.
 */
export async function testPlugin<Options>(
  plugin: Plugin<Options>,
  options: unknown = {},
  setting: TestPluginSetting = {},
): Promise<TestedPlugin> {
  const result = await plugin.options['~standard'].validate(options);
  if (result.issues !== undefined) {
    const lines = result.issues.map(({ message, path = [] }) => {
      const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
      return `${['options', ...keys].map(String).join('.')}: ${message}`;
    });
    throw new Error(`${plugin.name}: ${lines.join('\n')}`);
  }
  for (const { name, path } of plugin.upstreams?.(result.value) ?? [])
    if (setting.upstreams?.includes(name) === false)
      throw new Error(
        `${plugin.name}: ${['options', ...path].map(String).join('.')}: there is no upstream ${JSON.stringify(name)}`,
      );
  const context = new TestContext(setting);
  try {
    const hooks = await plugin.create(result.value, context);
    return new Tested(hooks, context, setting.upstreams?.[0] ?? 'site');
  } catch (error) {
    context.close();
    throw error;
  }
}

class Tested implements TestedPlugin {
  readonly #hooks: PluginHooks;
  readonly #context: TestContext;
  readonly #usualUpstream: string;
  #closed = false;

  constructor(hooks: PluginHooks, context: TestContext, usualUpstream: string) {
    this.#hooks = hooks;
    this.#context = context;
    this.#usualUpstream = usualUpstream;
  }

  get logs(): readonly TestLogLine[] {
    return this.#context.lines;
  }

  get provides(): Readonly<Record<string, unknown>> {
    return this.#hooks.provide ?? {};
  }

  async request(
    given: TestPluginRequest = {},
    answer: TestBackendAnswer | TestBackend = {},
  ): Promise<TestedAnswer> {
    const url = new URL(given.url ?? '/', 'http://localhost');
    const scheme = url.protocol === 'https:' ? 'https' : 'http';
    const connection =
      given.connection ??
      connectionOf({
        ...(given.client === undefined ? {} : { address: given.client }),
        tls: scheme === 'https' ? { serverName: url.hostname } : null,
      });
    const head = requestHead(given, url, scheme);
    const exchange = new TestExchange(
      head,
      connection,
      given.client ?? connection.address,
      given.upstream ?? null,
      (name) => this.#context.checkUpstream(name),
    );
    const leave = (): void => exchange.end('client-abort');
    given.signal?.addEventListener('abort', leave, { once: true });
    try {
      return await runExchange(
        this.#hooks,
        exchange,
        toPieces(given.body ?? ''),
        this.#usualUpstream,
        typeof answer === 'function' ? answer : () => answer,
      );
    } finally {
      given.signal?.removeEventListener('abort', leave);
    }
  }

  connection(connection: TestPluginConnection = {}): PluginConnection {
    return connectionOf(connection);
  }

  connect(connection: TestPluginConnection = {}): 'accept' | 'deny' {
    return this.#hooks.connect?.(connectionOf(connection)) ?? 'accept';
  }

  tls(
    { serverName, alpn = ['h2', 'http/1.1'] }: { serverName?: string; alpn?: readonly string[] } = {},
    connection: TestPluginConnection = {},
  ): 'accept' | 'deny' {
    const name = serverName?.toLowerCase() ?? null;
    return this.#hooks.tls?.({ connection: connectionOf(connection), serverName: name, alpn }) ?? 'accept';
  }

  fileChanged(path: string): void {
    this.#context.fileChanged(path);
  }

  status(): Readonly<Record<string, string | number | boolean>> {
    return this.#hooks.status?.() ?? {};
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.close();
    await this.#hooks.close?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function connectionOf({
  address = '127.0.0.1',
  listener = 'test',
  tls = null,
  protocol = tls === null ? 'http' : 'https',
}: TestPluginConnection): PluginConnection {
  return {
    listener,
    protocol,
    address,
    port: 50_000,
    localAddress: '127.0.0.1',
    localPort: tls === null ? 80 : 443,
    tls:
      tls === null
        ? null
        : { serverName: null, protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: null, ...tls },
  };
}

function requestHead(given: TestPluginRequest, url: URL, scheme: 'http' | 'https'): TestRequestHead {
  const { body, method = 'GET', version = 'HTTP/1.1' } = given;
  const headers = TestHeaders.of(given.headers ?? {});
  const hasLength = typeof body === 'string' || body instanceof Uint8Array;
  if (hasLength && !headers.has('content-length'))
    headers.add('Content-Length', String(Buffer.byteLength(body)));
  return new TestRequestHead({
    method,
    scheme,
    version,
    // As written: URL would resolve dot segments and encode.
    target: targetOf(given.url ?? '/'),
    host: headers.get('host') ?? url.host,
    headers,
    hasBody: body !== undefined && !(hasLength && body.length === 0),
    bodyLength: hasLength ? Buffer.byteLength(body) : null,
  });
}

function targetOf(url: string): string {
  if (url === '*') return url;
  const rest = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}
