import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { onWorkerMessage, sendToWorker } from '../ipc/channel.ts';
import type { SocketHandle } from '../ipc/channel.ts';
import type { PrimaryMessage, WorkerMessage } from '../ipc/messages.ts';
import { LastWordsReader } from './last-words.ts';
import type { Identity } from './identity.ts';

/** What a drained worker gets on top of its time to log and leave by itself. */
const drainGraceMs = 500;

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The script that its guard thread or its trace named last; null when the primary killed it, which no script did. */
  readonly lastRuleId: string | null;
  readonly livedMs: number;
}

export function describeExit(exit: WorkerExit): string {
  return exit.signal === null ? `exit status ${exit.code}` : exit.signal;
}

export type Answer<M> =
  | { readonly kind: 'answer'; readonly message: M }
  | { readonly kind: 'exit'; readonly exit: WorkerExit }
  | { readonly kind: 'timeout' };

export interface WorkerOptions {
  readonly module: URL;
  /** Whom the worker runs as; null: the same as the primary. */
  readonly identity: Identity | null;
  /** Writes the id of every rule script to fd 4 before calling it. */
  readonly traceRules: boolean;
  readonly onSendError: (error: Error) => void;
}

/** One worker process: its channel, its last words and its end. Knows nothing of snapshots. */
export class WorkerProcess {
  readonly pid: number;
  readonly startedAt: number = Date.now();
  /** Whether it names every rule script before it calls it. */
  readonly traced: boolean;
  /** Ended, with everything that it wrote to fd 4 read. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /** What it serves: the version, and the keys of the sockets that it holds for it. */
  committed: { readonly version: number; readonly sockets: ReadonlySet<string> } | null = null;
  /** Which of the UDP sockets that are bound for each worker are this one's. */
  slot = 0;
  readonly #child: ChildProcess;
  readonly #onSendError: (error: Error) => void;
  readonly #listeners = new Set<(message: WorkerMessage) => void>();
  readonly #online: Promise<Answer<true>>;
  #isOnline = false;
  #killed = false;

  constructor(options: WorkerOptions) {
    const env: NodeJS.ProcessEnv = { ...process.env, TIDEGATE_LAST_WORDS: '1' };
    delete env['TIDEGATE_TRACE_RULES'];
    if (options.traceRules) env['TIDEGATE_TRACE_RULES'] = '1';
    this.traced = options.traceRules;
    this.#onSendError = options.onSendError;
    const child = fork(fileURLToPath(options.module), [], {
      // isolated-vm refuses to work in a process that was started from a snapshot.
      execArgv: ['--no-node-snapshot'],
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
      // spawn() clears the supplementary groups, then sets group and user, before any of the worker's code runs.
      ...(options.identity === null ? {} : { uid: options.identity.uid, gid: options.identity.gid }),
    });
    this.#child = child;
    this.pid = child.pid ?? -1;
    onWorkerMessage(child, (message) => {
      for (const listener of this.#listeners) listener(message);
    });
    const lastWords = new LastWordsReader();
    const pipe = child.stdio[4];
    if (pipe instanceof Readable) {
      pipe.on('data', (chunk: Buffer) => lastWords.push(chunk));
      pipe.on('error', () => undefined);
    }
    this.exited = new Promise((resolve) => {
      let ended = false;
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (ended) return;
        ended = true;
        const lastRuleId = this.#killed ? null : lastWords.ruleId();
        resolve({ code, signal, lastRuleId, livedMs: Date.now() - this.startedAt });
      };
      child.on('close', end);
      // Should a grandchild hold fd 4 open, 'close' would never come.
      child.on('exit', (code, signal) => setTimeout(end, 200, code, signal));
      child.on('error', (error) => {
        this.#onSendError(error);
        if (child.pid === undefined) end(1, null);
      });
    });
    this.#online = this.answer((message) => {
      if (message.type !== 'online') return undefined;
      this.#isOnline = true;
      return true;
    }, null);
  }

  /** Its channel is up: it can be given sockets and a snapshot. */
  online(): Promise<Answer<true>> {
    return this.#online;
  }

  /** From then on it answers what it is sent. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** `onSent`: the worker's end has taken it, or never will. */
  send(message: PrimaryMessage, handle?: SocketHandle, onSent?: () => void): void {
    sendToWorker(this.#child, message, handle, this.#onSendError, onSent);
  }

  onMessage(listener: (message: WorkerMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first message from now on that `match` makes something of. Waits for ever with `timeoutMs` null. */
  answer<M>(match: (message: WorkerMessage) => M | undefined, timeoutMs: number | null): Promise<Answer<M>> {
    return new Promise((resolve) => {
      const settle = (answer: Answer<M>): void => {
        unsubscribe();
        clearTimeout(timer);
        resolve(answer);
      };
      const unsubscribe = this.onMessage((message) => {
        const matched = match(message);
        if (matched !== undefined) settle({ kind: 'answer', message: matched });
      });
      const timer = timeoutMs === null ? undefined : setTimeout(settle, timeoutMs, { kind: 'timeout' });
      void this.exited.then((exit) => settle({ kind: 'exit', exit }));
    });
  }

  /** It ends by itself when it has drained; if not, it is killed. `isAlone`: the others stay. */
  async drain(timeoutMs: number, isAlone: boolean): Promise<void> {
    this.send({ type: 'drain', timeoutMs, isAlone });
    const timer = setTimeout(() => this.kill('SIGKILL'), timeoutMs + drainGraceMs);
    await this.exited;
    clearTimeout(timer);
  }

  kill(signal: NodeJS.Signals): void {
    this.#killed = true;
    this.#child.kill(signal);
  }
}
