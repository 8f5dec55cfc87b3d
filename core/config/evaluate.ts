import { fork } from 'node:child_process';
import { z } from 'zod';
import type { ConfigProblem } from './finding.ts';
import type { Source } from './source.ts';
import { moduleUrl } from '../shared/module-url.ts';

/** What `evaluate-child.ts` says. The config's own code runs in there too, so nothing is taken on trust. */
const childMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input'), file: z.string() }),
  z.object({ type: z.literal('value'), json: z.string() }),
  z.object({
    type: z.literal('problem'),
    file: z.string(),
    path: z.string(),
    message: z.string(),
    line: z.int().optional(),
    column: z.int().optional(),
  }),
]);

export type EvaluateMessage = z.output<typeof childMessage>;

/** How long a config module may take to load. */
const TIME_LIMIT_MS = 10_000;

/**
 * Runs a TypeScript or JavaScript config in a process of its own: a fresh module cache each time, and
 * an endless loop in it hangs nobody else. The default export must be plain data.
 */
export async function moduleSource(file: string, timeLimitMs = TIME_LIMIT_MS): Promise<Source> {
  const inputs = new Set([file]);
  const problems: ConfigProblem[] = [];
  let json: string | undefined;

  const child = fork(moduleUrl(import.meta.url, 'evaluate-child'), [file, String(process.pid)], {
    execArgv: [],
    // What the config prints must not mix with what a command prints.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  child.on('message', (raw) => {
    const parsed = childMessage.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    if (message.type === 'input') inputs.add(message.file);
    else if (message.type === 'value') json = message.json;
    else problems.push(problemOf(message));
  });

  const end = await new Promise<string>((settle) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      settle(`did not finish within ${timeLimitMs / 1000} s: an endless loop, or an await that never ends?`);
    }, timeLimitMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      settle(`cannot be run: ${error.message}`);
    });
    // 'close' rather than 'exit': messages may still be under way at 'exit'.
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      settle(howItEnded(code, signal));
    });
  });

  const seen = [...inputs];
  if (problems.length > 0) return { ok: false, problems, inputs: seen };
  if (json === undefined) return { ok: false, problems: [{ file, path: '', message: end }], inputs: seen };
  return { ok: true, value: JSON.parse(json), locate: () => undefined, inputs: seen };
}

function problemOf({
  file,
  path,
  message,
  line,
  column,
}: Extract<EvaluateMessage, { type: 'problem' }>): ConfigProblem {
  return {
    file,
    path,
    message,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `was ended by ${signal} while it was evaluated`;
  // Node's status for a module whose top-level await can never go on
  if (code === 13) return 'awaits something that never happens';
  return `ended its process (exit status ${code}) instead of exporting a config`;
}
