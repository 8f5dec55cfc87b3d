import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDuration, type Duration } from '../core/shared/duration.ts';
import { moduleUrl } from '../core/shared/module-url.ts';
import { normalisePath } from '../core/shared/normalise-path.ts';
import type {
  ConnectDecision,
  LogDecision,
  RequestDecision,
  ResponseEdits,
  RuleRequest,
} from '../core/shared/rule-script.ts';
import { RuleVariables } from '../core/shared/rule-variables.ts';
import type { TlsInfo } from '../core/shared/tls-info.ts';
import { parseSize, type Size } from '../core/shared/size.ts';
import { compileRules, type RuleProblem } from './compile.ts';
import type { Candidate } from './runtime/define-rules.ts';
import { toRuleConnection, type TestConnection } from './testing-connection.ts';
import type { Answers, ChildMessage, LogLine, Question } from './testing-messages.ts';

export type { ConnectDecision, LogDecision, LogLine, RequestDecision, ResponseEdits, TestConnection };

export interface LoadRulesOptions {
  /** Named address lists, as in the config. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** As in the config, `'10ms'` unless given. */
  readonly timeLimit?: Duration;
  /** As in the config, `'32MiB'` unless given. */
  readonly memoryLimit?: Size;
  /** As in the config, `'deny'` unless given: what the script throws is then the decision `{ kind: 'fault', reason }`. */
  readonly onError?: 'deny' | 'next';
}

export interface TestRequest {
  /** An absolute URL, which sets scheme, host and path. */
  readonly url?: string;
  /** Path and query, where no URL is given (then `http://localhost`). */
  readonly path?: string;
  /** GET unless given. */
  readonly method?: string;
  /** In the order and the case given. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The client's IP address; 127.0.0.1 unless given. */
  readonly client?: string;
  /** The TLS connection. For an `https` URL unless given: TLS 1.3 to the URL's host, without a client's certificate. */
  readonly tls?: Partial<TlsInfo>;
  /** What plugins have set: `req.variables`. */
  readonly variables?: Readonly<Record<string, string | number | boolean>>;
}

export interface TestResponse {
  /** 200 unless given. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** A rule script in a sandbox like the proxy's, in a process of its own. */
export interface LoadedRules extends AsyncDisposable {
  /** What the `connect` handler decides, in one call: after `{ kind: 'inspect' }` it is the test that calls again, with `bytes`. */
  connect(connection?: TestConnection): Promise<ConnectDecision>;
  /** What the `request` handler decides. */
  request(request?: TestRequest): Promise<RequestDecision>;
  /** What the `response` handler changes: null for nothing, 'fault' when it failed (under onError 'deny'). */
  response(response?: TestResponse, request?: TestRequest): Promise<ResponseEdits | 'fault'>;
  /** What the `log` handler makes of an access-log entry. */
  log(entry: Readonly<Record<string, unknown>>): Promise<LogDecision>;
  /** The index of the candidate that the `pick` handler picks; -1 for none. A candidate is idle and up unless it says otherwise. */
  pick(
    candidates: readonly ({ readonly address: string } & Partial<Candidate>)[],
    request?: TestRequest,
  ): Promise<number>;
  /** Whether the `certificate` handler lets a certificate be obtained for the name. `client`: its IP address; 127.0.0.1 unless given. */
  certificate(name: string, client?: string): Promise<boolean>;
  /** What the script wrote to its console, and the proxy about its errors. */
  readonly logs: readonly LogLine[];
  close(): Promise<void>;
}

/**
 * Loads a rule script for a test. `file`: a path, or a URL as `new URL('./site.ts', import.meta.url)`.
 * Rejects with an Error that lists what is wrong with the script, with file, line and column.
 */
export async function loadRules(file: string | URL, options: LoadRulesOptions = {}): Promise<LoadedRules> {
  const compiled = await compileRules({
    script: file instanceof URL || file.startsWith('file:') ? fileURLToPath(file) : resolve(file),
    timeLimitMs: required(parseDuration(options.timeLimit ?? '10ms'), 'timeLimit'),
    memoryLimitBytes: required(parseSize(options.memoryLimit ?? '32MiB'), 'memoryLimit'),
    onError: options.onError ?? 'deny',
    shadow: null,
  });
  if (!compiled.ok) throw new Error(describe(compiled.problems));
  const rules = new TestedRules();
  const problems = await rules.ask('load', {
    type: 'load',
    bundle: compiled.bundle,
    lists: options.lists ?? {},
  });
  if (problems.length === 0) return rules;
  await rules.close();
  throw new Error(describe(problems));
}

/** What a test does not say of a candidate. */
const IDLE_CANDIDATE = {
  weight: 1,
  health: 'up',
  inFlight: 0,
  requests: 0,
  errors: 0,
  latency: null,
} as const;

class TestedRules implements LoadedRules {
  readonly logs: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { readonly done: (answers: Partial<Answers>) => void; readonly fail: (error: Error) => void }
  >();
  #ended: Error | null = null;
  #questions = 0;

  constructor() {
    this.#child = fork(moduleUrl(import.meta.url, 'testing-child'), [], {
      execArgv: ['--no-node-snapshot'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message: ChildMessage) => {
      this.logs.push(...message.logs);
      this.#waiting.get(message.id)?.done(message.answers);
      this.#waiting.delete(message.id);
    });
    this.#child.once('exit', (code, signal) =>
      this.#fail(new Error(`the script ended its process (${signal ?? `status ${code}`})`)),
    );
    this.#child.once('error', (error) => this.#fail(error));
    // A test that forgets `close` does not hang: the child ends with this process.
    this.#keepsProcess(false);
  }

  async connect(connection: TestConnection = {}): Promise<ConnectDecision> {
    return this.ask('connect', { type: 'connect', connection: toRuleConnection(connection) });
  }

  async request(request: TestRequest = {}): Promise<RequestDecision> {
    return this.ask('request', { type: 'request', request: toRuleRequest(request) });
  }

  async response(response: TestResponse = {}, request: TestRequest = {}): Promise<ResponseEdits | 'fault'> {
    const head = headOf(response.headers ?? {});
    return this.ask('response', {
      type: 'response',
      status: response.status ?? 200,
      head,
      request: toRuleRequest(request),
    });
  }

  log(entry: Readonly<Record<string, unknown>>): Promise<LogDecision> {
    return this.ask('log', { type: 'log', entry: JSON.stringify(entry) });
  }

  async pick(candidates: Parameters<LoadedRules['pick']>[0], request: TestRequest = {}): Promise<number> {
    const filled = candidates.map((given) => ({ ...IDLE_CANDIDATE, ...given }));
    return this.ask('pick', { type: 'pick', candidates: filled, request: toRuleRequest(request) });
  }

  certificate(name: string, client = '127.0.0.1'): Promise<boolean> {
    return this.ask('certificate', { type: 'certificate', name: name.toLowerCase(), client });
  }

  ask<Type extends Question['type']>(
    type: Type,
    question: Question & { readonly type: Type },
  ): Promise<Answers[Type]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = ++this.#questions;
    // The process waits for answers, but not for a child that is asked nothing.
    this.#keepsProcess(true);
    const answered = new Promise<Answers[Type]>((done, fail) => {
      this.#waiting.set(id, {
        done: (answers) => {
          const answer = answers[type];
          if (answer === undefined) fail(new Error(`the sandbox gave no answer of type ${type}`));
          else done(answer);
        },
        fail,
      });
      this.#child.send({ id, question }, () => {});
    });
    return answered.finally(() => {
      if (this.#waiting.size === 0) this.#keepsProcess(false);
    });
  }

  #keepsProcess(keeps: boolean): void {
    if (keeps) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.ref();
    this.#child.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { fail } of this.#waiting.values()) fail(this.#ended);
    this.#waiting.clear();
  }
}

function toRuleRequest(request: TestRequest): RuleRequest {
  const url = new URL(request.url ?? request.path ?? '/', 'http://localhost');
  const path = normalisePath(url.pathname);
  if (path === null)
    throw new TypeError(
      `the proxy refuses this path before any rule sees it: ${JSON.stringify(url.pathname)}`,
    );
  const headers = request.headers ?? {};
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1];
  const host = typeof given === 'string' ? given.toLowerCase() : url.host;
  const head = headOf(given === undefined ? { Host: host, ...headers } : headers);
  return {
    method: request.method ?? 'GET',
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host,
    target: url.pathname + url.search,
    path,
    clientAddress: request.client ?? '127.0.0.1',
    ...(url.protocol === 'https:' || request.tls !== undefined
      ? { tls: JSON.stringify({ ...usualTls(url.hostname), ...request.tls }) }
      : {}),
    variables: variablesText(request.variables ?? {}),
    head,
  };
}

function variablesText(given: NonNullable<TestRequest['variables']>): string {
  const variables = new RuleVariables();
  for (const [name, value] of Object.entries(given)) variables.set(name, value);
  return variables.text;
}

function usualTls(serverName: string): TlsInfo {
  return { serverName, protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', client: null };
}

function headOf(headers: Readonly<Record<string, string | readonly string[]>>): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  for (const line of lines)
    if (/[\r\n\0]/.test(line))
      throw new TypeError(`no header can hold a line break: ${JSON.stringify(line)}`);
  return lines.join('\r\n');
}

function required(value: number | undefined, name: string): number {
  if (value === undefined) throw new TypeError(`${name} is a number with its unit, as in the config`);
  return value;
}

function describe(problems: readonly RuleProblem[]): string {
  return problems
    .map(({ file, line, column, message }) => `${file}${line === 0 ? '' : `:${line}:${column}`} ${message}`)
    .join('\n');
}
