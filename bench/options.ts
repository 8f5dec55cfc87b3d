import { parseArgs } from 'node:util';

export const sectionNames = [
  'proxies',
  'https',
  'http2',
  'websocket',
  'grpc',
  'handshakes',
  'certificates',
  'renewal',
  'rule-call',
  'schedulers',
  'memory',
  'websocket-memory',
  'stream',
  'stream-memory',
  'udp',
  'routes',
  'body',
  'reload',
  'faults',
  'health',
  'plugins',
  'cache',
] as const;
export type SectionName = (typeof sectionNames)[number];

export interface BenchOptions {
  /** Measured rounds over all proxies; a round visits each proxy once. */
  readonly rounds: number;
  /** Length of one proxy's turn in a round. */
  readonly seconds: number;
  readonly sections: readonly SectionName[];
  /** Everything small: shows that the bench works, its numbers are too short to trust. */
  readonly quick: boolean;
  readonly title: string;
}

export const usage = `Usage: npm run bench -- [options]
  --rounds N      rounds over all proxies (default 5)
  --seconds N     seconds of load for each proxy in a round (default 4)
  --only LIST     sections to run: ${sectionNames.join('|')} (comma-separated; default: all)
  --quick         everything short: to see that it works, not to trust the numbers
  --title TEXT    goes into the name of the results file (default: the sections)`;

/** Reads the command line. @throws Error with a message for the user when it makes no sense. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      title: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const sections = values.only === undefined ? sectionNames : values.only.split(/[,|]/).map(sectionName);
  return {
    rounds: count('--rounds', values.rounds, values.quick ? 2 : 5, 100),
    seconds: count('--seconds', values.seconds, values.quick ? 1 : 4, 60),
    sections,
    quick: values.quick,
    title: values.title ?? (values.only === undefined ? 'all' : sections.join(' ')),
  };
}

function sectionName(text: string): SectionName {
  const found = sectionNames.find((name) => name === text.trim());
  if (found === undefined)
    throw new Error(`--only: expected one of ${sectionNames.join(', ')}, found "${text}"`);
  return found;
}

function count(option: string, text: string | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new Error(`${option}: expected a whole number from 1 to ${most}, found "${text}"`);
  }
  return value;
}
