import { spawn } from 'node:child_process';

import type { DnsConfig } from '../core/shared/certificates-config.ts';
import type { DnsProvider } from './dns-01.ts';

type CommandConfig = Extract<DnsConfig, { readonly kind: 'command' }>;

const MOST_OUTPUT = 4096;

/** A program of the user's that changes TXT records: `COMMAND… present|remove NAME VALUE`; exit status 0 where it did. */
export class DnsCommandProvider implements DnsProvider {
  /** Nobody knows. */
  readonly server = null;
  readonly #config: CommandConfig;

  constructor(config: CommandConfig) {
    this.#config = config;
  }

  add(name: string, value: string, signal: AbortSignal): Promise<void> {
    return this.#run('present', name, value, signal);
  }

  remove(name: string, value: string, signal: AbortSignal): Promise<void> {
    return this.#run('remove', name, value, signal);
  }

  async #run(action: 'present' | 'remove', name: string, value: string, signal: AbortSignal): Promise<void> {
    const [program = '', ...args] = this.#config.command;
    const ended = Promise.withResolvers<string | null>();
    // In a group of its own, so that what it has started ends with it.
    const child = spawn(program, [...args, action, name, value], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let output = '';
    child.stderr.on('data', (piece: Buffer) => {
      if (output.length < MOST_OUTPUT) output += piece.toString();
    });
    child.on('error', (error) => ended.resolve(error.message));
    child.on('close', (code, killedBy) =>
      ended.resolve(code === 0 ? null : killedBy === null ? `exit status ${code}` : `ended by ${killedBy}`),
    );
    const stop = AbortSignal.any([signal, AbortSignal.timeout(this.#config.timeoutMs)]);
    const kill = (): void => {
      ended.resolve(signal.aborted ? 'given up' : `not done within ${this.#config.timeoutMs / 1000} s`);
      killGroup(child.pid);
    };
    stop.addEventListener('abort', kill, { once: true });
    if (stop.aborted) kill();
    const problem = await ended.promise;
    stop.removeEventListener('abort', kill);
    if (problem === null) return;
    const said = output.trim().split('\n', 1)[0] ?? '';
    throw new Error(
      `the command for DNS (${program} ${action} ${name}) failed: ${problem}${said === '' ? '' : `: ${said.slice(0, 300).replaceAll(value, '…')}`}`,
    );
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
