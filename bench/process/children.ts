import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { findProgram } from './find-program.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A child whose last output is kept for the error message, should it die when it must not. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<number | null>;
  #output = '';
  readonly #process: ChildProcess;

  constructor(process: ChildProcess, pid: number) {
    this.#process = process;
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      process.once('exit', (code) => resolve(code));
    });
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-64 * 1024);
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#process.kill(signal);
  }

  /** Waits for its end. @throws with its output when it takes longer than `seconds`, or ends with another status than 0. */
  async finish(seconds: number): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.signal('SIGKILL');
    }, seconds * 1000);
    const code = await this.exited;
    clearTimeout(timer);
    if (late) throw new Error(`a child took longer than ${seconds} s:\n${this.output}`);
    if (code !== 0) throw new Error(`a child failed with exit status ${code}:\n${this.output}`);
  }

  /** SIGTERM, and SIGKILL when that did not end it within five seconds. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), 5000);
    await this.exited;
    clearTimeout(timer);
  }
}

/** All processes that the bench started, so that it ends every one of them whatever happens. */
export class Children {
  readonly #running = new Set<Child>();
  readonly #taskset = findProgram('taskset');

  /** Starts a program, pinned to one core where `taskset` is installed. */
  async start(command: Command, core: number | null): Promise<Child> {
    const pinned = core !== null && this.#taskset !== null;
    const program = pinned ? this.#taskset : command.program;
    const args = pinned ? ['-c', String(core), command.program, ...command.args] : [...command.args];
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    const process_ = spawn(program, args, { stdio, env: { ...process.env, ...command.env } });
    await once(process_, 'spawn');
    if (process_.pid === undefined) throw new Error(`${program} did not start`);
    const child = new Child(process_, process_.pid);
    this.#running.add(child);
    void child.exited.then(() => this.#running.delete(child));
    return child;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.stop()));
  }
}
