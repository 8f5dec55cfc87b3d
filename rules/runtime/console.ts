import { host } from './host.ts';

/** The console that writes to the proxy's log; at most so many lines a second (see `docs/rules.md`), each of bounded length. */
export interface Console {
  debug(...data: unknown[]): void;
  log(...data: unknown[]): void;
  info(...data: unknown[]): void;
  warn(...data: unknown[]): void;
  error(...data: unknown[]): void;
}

const MAX_LENGTH = 2000;

function writer(level: string): (...data: unknown[]) => void {
  return (...data) => {
    let line = '';
    for (const item of data) {
      line += (line === '' ? '' : ' ') + format(item);
      if (line.length > MAX_LENGTH) break;
    }
    host.writeLog(level, line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line);
  };
}

function format(item: unknown): string {
  try {
    if (item instanceof Error) return item.stack ?? item.message;
    if (item instanceof Map || item instanceof Set) return JSON.stringify([...item]);
    if (typeof item === 'object' && item !== null) return JSON.stringify(item);
    return String(item);
  } catch {
    return '(a value that cannot be shown)';
  }
}

export const console: Console = {
  debug: writer('debug'),
  log: writer('info'),
  info: writer('info'),
  warn: writer('warn'),
  error: writer('error'),
};
