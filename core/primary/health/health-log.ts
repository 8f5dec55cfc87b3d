import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { HealthLogConfig } from '../../shared/health-types.ts';
import { LineWriter } from '../../shared/line-writer.ts';
import type { Logger } from '../../shared/log.ts';

/** One line of the health log. */
export interface HealthEvent {
  readonly upstream: string;
  readonly backend: string;
  /** The type of the check. */
  readonly check: string;
  /** What the backend became; null: the check changed nothing. */
  readonly event: 'up' | 'down' | 'ready' | 'drain' | 'maintenance' | null;
  /** null: the check could not be made. */
  readonly ok: boolean | null;
  readonly health: 'up' | 'down';
  readonly reason: string;
  readonly durationMs: number;
  readonly reportedWeight: number | null;
}

const FILE = /^health-(\d{4}-\d\d-\d\d)\.jsonl$/;
const dayMs = 86_400_000;
/** A backend that goes up and down all day long must not fill the disk. */
const mostBytesADay = 256 * 1024 * 1024;
/** A folder that cannot be written may be there a little later. */
const retryMs = 10_000;

/** Where the health log of a config file lies unless it says otherwise: where the system, or the user, keeps the state of programs. */
export function defaultHealthFolder(configFile: string, env: NodeJS.ProcessEnv = process.env): string {
  // systemd's StateDirectory=, which may name several.
  const [service] = env['STATE_DIRECTORY']?.split(':') ?? [];
  const home = env['XDG_STATE_HOME'];
  const name = `health-${createHash('sha256').update(configFile).digest('hex').slice(0, 16)}`;
  if (service !== undefined && service !== '') return join(service, name);
  if (home !== undefined && home !== '') return join(home, 'tidegate', name);
  return process.getuid?.() === 0
    ? join('/var/lib/tidegate', name)
    : join(homedir(), '.local/state/tidegate', name);
}

/** The files of a health log, the oldest first, with the day (UTC) that each is about. */
export function healthLogFiles(folder: string): { readonly file: string; readonly day: string }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const day = FILE.exec(name)?.[1];
      return day === undefined ? [] : [{ file: join(folder, name), day }];
    })
    .toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

/** What happens to the health of backends, as JSON lines in one file a day (UTC). Old files are deleted. */
export class HealthLog {
  readonly #log: Logger;
  readonly #defaultFolder: string;
  #config: HealthLogConfig | null = null;
  #writer: LineWriter | null = null;
  #day = '';
  #bytes = 0;
  #problem: string | null = null;
  #retryAtMs = 0;

  constructor(configFile: string, log: Logger) {
    this.#log = log;
    this.#defaultFolder = defaultHealthFolder(configFile);
  }

  /** null: no log is kept. */
  get folder(): string | null {
    return this.#config === null ? null : (this.#config.folder ?? this.#defaultFolder);
  }

  use(config: HealthLogConfig | null): void {
    const before = this.folder;
    this.#config = config;
    if (this.folder !== before) this.#leaveFile();
  }

  write(event: HealthEvent): void {
    if (this.#config === null || (event.event === null && !this.#config.checks)) return;
    const { durationMs, reportedWeight, ...rest } = event;
    const fields = {
      time: new Date().toISOString(),
      ...rest,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(reportedWeight === null ? {} : { reportedWeight }),
    };
    const line = `${JSON.stringify(fields)}\n`;
    this.#turnTo(fields.time.slice(0, 10));
    const bytes = Buffer.byteLength(line);
    this.#bytes += bytes;
    if (this.#bytes <= mostBytesADay) this.#writer?.write(line);
    else if (this.#bytes - bytes <= mostBytesADay)
      this.#log.warn({ folder: this.folder }, 'the health log of today is full; what follows is not logged');
  }

  async close(): Promise<void> {
    this.#config = null;
    await this.#writer?.close();
  }

  #turnTo(day: string): void {
    const { folder } = this;
    if (
      folder === null ||
      (day === this.#day && (this.#writer !== null || performance.now() < this.#retryAtMs))
    )
      return;
    this.#leaveFile();
    this.#day = day;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o750 });
      this.#deleteBefore(folder, Date.now() - (this.#config?.keepMs ?? 0));
      const file = join(folder, `health-${day}.jsonl`);
      this.#writer = new LineWriter(file);
      // What an earlier process has written today counts, too.
      this.#bytes = Math.min(statSync(file).size, mostBytesADay);
      this.#problem = null;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#problem) this.#log.warn({ folder, problem }, 'no health log can be written');
      this.#problem = problem;
      this.#retryAtMs = performance.now() + retryMs;
    }
  }

  #leaveFile(): void {
    void this.#writer?.close();
    this.#writer = null;
    this.#day = '';
    this.#bytes = 0;
  }

  /** A file goes when the last moment of its day is past. */
  #deleteBefore(folder: string, time: number): void {
    for (const { file, day } of healthLogFiles(folder)) {
      if (Date.parse(`${day}T00:00:00Z`) + dayMs <= time) rmSync(file, { force: true });
    }
  }
}
