import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { CommandProbeConfig } from '../../shared/health-types.ts';
import type { Identity } from '../identity.ts';
import { quoted } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

const longestOutput = 4096;
/** More than that is no report, and reading it would keep the primary from its work. */
const mostOutputBytes = 1024 * 1024;

/**
 * Runs a program, without a shell. It gets nothing of the environment of the primary but PATH, and runs as
 * the user that workers run as.
 */
export class CommandProbe implements RunningProbe {
  readonly #child: ChildProcess;
  readonly #done: (result: ProbeResult) => void;
  readonly #timeoutMs: number;
  #output = '';
  #outputBytes = 0;
  #isOver = false;

  constructor(
    target: CheckTarget,
    { command }: CommandProbeConfig,
    done: (result: ProbeResult) => void,
    identity: Identity | null,
  ) {
    this.#done = done;
    this.#timeoutMs = target.check.timeoutMs;
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      env: environmentOf(target),
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what it starts can be ended with it.
      detached: true,
      ...(identity === null ? {} : { uid: identity.uid, gid: identity.gid }),
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) this.#keepOutput(stream);
    child.on('error', (error) =>
      this.#finish({ ok: null, reason: `cannot be checked: ${quoted(error.message)}` }),
    );
    child.on('exit', (code, signal) => {
      // What it wrote last may still be in the pipe; nobody waits for what others hold open.
      setImmediate(() => {
        const how = signal === null ? `exit status ${code}` : `ended by ${signal}`;
        const said = quoted(this.#output);
        this.#finish({ ok: code === 0, reason: said === '' ? how : `${how}: ${said}` });
      });
    });
  }

  timeOut(): ProbeResult {
    this.cancel();
    return { ok: false, reason: `did not end within ${this.#timeoutMs} ms` };
  }

  cancel(): void {
    this.#isOver = true;
    this.#end();
  }

  #keepOutput(stream: Readable | null): void {
    stream?.on('data', (piece: Buffer) => {
      if (this.#output.length < longestOutput) this.#output += piece.toString();
      this.#outputBytes += piece.length;
      if (this.#outputBytes > mostOutputBytes) this.#finish({ ok: false, reason: 'prints more than 1 MiB' });
    });
    stream?.on('error', () => undefined);
  }

  #finish(result: ProbeResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end();
    this.#done(result);
  }

  #end(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  }
}

function environmentOf({ address, upstream, backend }: CheckTarget): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    TIDEGATE_UPSTREAM: upstream,
    TIDEGATE_BACKEND: backend,
    ...(address.kind === 'unix'
      ? { TIDEGATE_SOCKET: address.path }
      : { TIDEGATE_HOST: address.ip ?? address.host, TIDEGATE_PORT: String(address.port) }),
  };
}
