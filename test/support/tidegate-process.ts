import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { z } from 'zod';

import { claimControlFolder, controlSocketName } from '../../core/admin/control-socket.ts';
import { runToEnd, tidegateCli, type Ended } from './run-to-end.ts';

const ownDns = fileURLToPath(new URL('./run-with-dns.ts', import.meta.url));
const fakeWorkers = fileURLToPath(new URL('./run-fake-workers.ts', import.meta.url));

const logLine = z.looseObject({ msg: z.string(), level: z.string() });
export type LogLine = z.infer<typeof logLine>;

export interface TidegateOptions {
  /** Files of the config's folder by name; one of them is the config. */
  readonly files: Readonly<Record<string, string>>;
  /** In the folder, or an absolute path; default: `tidegate.config.yaml`. */
  readonly config?: string;
  /** Does more to the folder before the start. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** `fake`: the workers of fake-worker.ts, which carry no traffic. */
  readonly workers: 'real' | 'fake';
  /** The port of a DNS server that alone resolves host names of backends. */
  readonly dnsPort?: number;
  /** Runs the program that comes behind it, in its own process; `{folder}` stands for that of the config. */
  readonly within?: readonly string[];
  /** Let it fail to start. */
  readonly fails?: boolean;
}

/** A `tidegate run` in a temporary folder; ended, with its workers and files, when the test is. */
export class TidegateProcess {
  readonly folder: string;
  readonly configFile: string;
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly lines: LogLine[] = [];
  stderr = '';
  readonly #waiting = new Set<() => void>();
  readonly #kill: (signal: NodeJS.Signals) => void;
  #over = false;

  constructor(folder: string, configFile: string, options: TidegateOptions) {
    this.folder = folder;
    this.configFile = configFile;
    const within = (options.within ?? []).map((part) => part.replaceAll('{folder}', folder));
    const [program = process.execPath, ...args] = [
      ...within,
      process.execPath,
      ...programOf(options, configFile),
    ];
    const child = spawn(program, args, {
      cwd: folder,
      // What it keeps beyond its run goes with the folder.
      env: { ...process.env, XDG_STATE_HOME: join(folder, 'state') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = child.pid ?? -1;
    this.#kill = (signal) => child.kill(signal);
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    createInterface(child.stdout).on('line', (line) => {
      this.lines.push(logLine.parse(JSON.parse(line)));
      for (const wake of this.#waiting) wake();
    });
    this.exited = once(child, 'exit').then(() => {
      this.#over = true;
      for (const wake of this.#waiting) wake();
      return { code: child.exitCode, signal: child.signalCode };
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#kill(signal);
  }

  /** The first log line from index `from` on that says `message` and matches; rejects when the process ends before. */
  async line(message: string, match: (line: LogLine) => boolean = () => true, from = 0): Promise<LogLine> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => line.msg === message && match(line));
      if (found !== undefined) return found;
      if (this.#over)
        throw new Error(
          `tidegate ended before it logged "${message}": ${this.stderr}\n${JSON.stringify(this.lines)}`,
        );
      await this.#change();
    }
  }

  /** The next line after those logged so far. */
  nextLine(message: string, match?: (line: LogLine) => boolean): Promise<LogLine> {
    return this.line(message, match, this.lines.length);
  }

  /** `http://127.0.0.1:PORT` of a listener at port 0. */
  async url(listener = 'web'): Promise<string> {
    return `http://${await this.#address(listener)}`;
  }

  /** The port of a listener at port 0. */
  async port(listener: string): Promise<number> {
    return Number((await this.#address(listener)).split(':').at(-1));
  }

  async #address(listener: string): Promise<string> {
    const line = await this.line('listening', (each) => each['listener'] === listener);
    return String(line['address']);
  }

  /** Whole at once, so that nobody who looks meanwhile finds half of it. */
  async write(name: string, text: string): Promise<void> {
    const file = join(this.folder, name);
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }

  /** Runs another command line for the same config. */
  command(...args: string[]): Promise<Ended> {
    return runToEnd(process.execPath, [tidegateCli, ...args, '--config', this.configFile]);
  }

  #change(): Promise<void> {
    return new Promise((changed) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        changed();
      };
      this.#waiting.add(wake);
    });
  }
}

function programOf({ workers, dnsPort }: TidegateOptions, configFile: string): string[] {
  if (workers === 'fake') return [fakeWorkers, configFile];
  return dnsPort === undefined
    ? [tidegateCli, 'run', '--config', configFile]
    : [ownDns, configFile, String(dnsPort)];
}

/** Starts it and waits until it is ready. */
export function runTidegate(options: TidegateOptions): Promise<TidegateProcess> {
  return start(options, onTestFinished);
}

/** One for all tests of a file, which must leave it as they found it or take it as it is. */
export function sharedTidegate(options: TidegateOptions): () => TidegateProcess {
  let tidegate: TidegateProcess | null = null;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    tidegate = await start(options, (end) => void ends.unshift(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return () => {
    if (tidegate === null) throw new Error('not started yet');
    return tidegate;
  };
}

async function start(
  options: TidegateOptions,
  atEnd: (end: () => Promise<void>) => void,
): Promise<TidegateProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(options.files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await options.prepare?.(folder);
  const tidegate = new TidegateProcess(
    folder,
    resolve(folder, options.config ?? 'tidegate.config.yaml'),
    options,
  );
  atEnd(async () => {
    tidegate.kill('SIGKILL');
    await tidegate.exited;
    // A killed process leaves its control socket behind.
    await rm(join(claimControlFolder(), controlSocketName(tidegate.configFile)), { force: true });
  });
  if (options.fails !== true) await tidegate.line('ready');
  return tidegate;
}
