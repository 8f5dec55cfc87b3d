import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { listenForTest } from './listen.ts';
import { runToEnd, tidegateCli } from './run-to-end.ts';
import { runTidegate } from './tidegate-process.ts';

/**
 * A documentation page's example, as its code blocks tell it: the first `yaml` block is the config; a block with a second word
 * (```html pages/404.html) is a file of its folder; `console` blocks hold commands behind `$ `, in the config's folder, and the
 * lines of their output that matter, in their order, in which `…` stands for anything (`tidegate` is the one of this project); an `http` block holds a request to
 * `127.0.0.1:8080` and, behind an empty line, the lines of its answer that matter.
 *
 * `127.0.0.1:8080` to `:8099` are addresses that it listens on, and `127.0.0.1:9001` to `:9099` backends, each of which answers
 * with what it was sent (see `answer`). All of them lie at other ports when it runs.
 */
export interface DocumentedExample {
  readonly config: string;
  readonly files: Readonly<Record<string, string>>;
  readonly commands: readonly Command[];
}

interface Command {
  readonly line: string;
  readonly output: readonly string[];
}

export function readExample(page: string): DocumentedExample {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)];
  const config = blocks.find(([, language, file]) => language === 'yaml' && file === undefined)?.[3];
  if (config === undefined) throw new Error(`${page} has no example config: no yaml block`);
  const files = Object.fromEntries(
    blocks.flatMap(([, , file, text = '']) => (file === undefined ? [] : [[file, text]])),
  );
  const commands = blocks.flatMap(([, language, , text = '']) => {
    if (language === 'http') return [readRequest(text)];
    return language === 'console' ? readCommands(text) : [];
  });
  return { config, files, commands };
}

/** To the first listener. */
function readRequest(text: string): Command {
  const [head = '', output = ''] = text.split(/\n\s*\n(.*)/s);
  const [, method = '', target = '', fields = ''] = /^(\S+) (\S+) HTTP\/1\.1\n?(.*)$/s.exec(head) ?? [];
  const options = fields.split('\n').flatMap((field) => (field === '' ? [] : ['-H', quoted(field)]));
  const line = ['curl', '-si', '-X', method, ...options, quoted(`http://127.0.0.1:8080${target}`)].join(' ');
  return { line, output: output.split('\n').filter((each) => each.trim() !== '') };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function readCommands(text: string): Command[] {
  const commands: { line: string; output: string[] }[] = [];
  let continues = false;
  for (const line of text.split('\n')) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ line: line.slice(2), output: [] });
    else if (continues && last !== undefined) last.line += `\n${line}`;
    else if (line.trim() !== '') last?.output.push(line);
    continues = line.endsWith('\\') && (line.startsWith('$ ') || continues);
  }
  return commands;
}

const listenersOf = z.object({ listeners: z.array(z.object({ name: z.string(), address: z.string() })) });

/** Starts Tidegate and the backends, and gives a function that runs a command and answers with its output. */
export async function startExample({
  config,
  files,
}: DocumentedExample): Promise<(line: string) => Promise<string>> {
  const ports = new Map<string, number>();
  for (const [address = ''] of config.matchAll(/127\.0\.0\.1:90\d\d\b/g))
    if (!ports.has(address)) ports.set(address, await startBackend(address));
  const real = (text: string): string =>
    [...ports].reduce((all, [address, port]) => all.replaceAll(address, `127.0.0.1:${port}`), text);
  const documented = (text: string): string =>
    [...ports].reduce((all, [address, port]) => all.replaceAll(`127.0.0.1:${port}`, address), text);

  const workers = /^workers:/m.test(config) ? '' : '\nworkers: 1\n';
  const started = real(config).replaceAll(/127\.0\.0\.1:80[89]\d\b/g, '127.0.0.1:0') + workers;
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': started, ...files },
    workers: 'real',
  });
  for (const { name, address } of listenersOf.parse(parse(config)).listeners)
    ports.set(address, Number(new URL(await tidegate.url(name)).port));
  return async (line) => {
    const script = `tidegate() { ${quoted(process.execPath)} ${quoted(tidegateCli)} "$@"; }\n${real(line)}`;
    const { stdout, stderr } = await runToEnd('sh', ['-c', script], { cwd: tidegate.folder });
    return documented(stdout + stderr).replaceAll('\r\n', '\n');
  };
}

/** The lines of `wanted` that `output` lacks, or has in another order. */
export function missingLines(wanted: readonly string[], output: string): string[] {
  const lines = output.split('\n');
  let at = 0;
  return wanted.filter((line) => {
    const found = lines.findIndex((each, i) => i >= at && isLike(line.trim(), each.trim()));
    if (found !== -1) at = found + 1;
    return found === -1;
  });
}

function isLike(wanted: string, line: string): boolean {
  const parts = wanted.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(line);
}

async function startBackend(address: string): Promise<number> {
  const server = createServer((request, response) => void answer(address, request, response));
  const port = await listenForTest(server, () => server.closeAllConnections());
  onTestFinished(() => server.closeAllConnections());
  return port;
}

/**
 * Says its address, the request line, header fields and body. A query may ask for more: `status=404`, `field=Name:value`
 * (repeated), `bytes=10000` (of text), `wait=500` (milliseconds).
 */
async function answer(address: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = new URL(request.url ?? '/', 'http://backend').searchParams;
  const pieces: Buffer[] = [];
  for await (const piece of request) if (piece instanceof Buffer) pieces.push(piece);
  if (asked.has('wait')) await new Promise((resolve) => setTimeout(resolve, Number(asked.get('wait'))));
  const fields = request.rawHeaders.flatMap((name, i, all) =>
    i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : [],
  );
  response.statusCode = Number(asked.get('status') ?? 200);
  response.setHeader('Content-Type', 'text/plain');
  for (const field of asked.getAll('field')) {
    const colon = field.indexOf(':');
    response.appendHeader(field.slice(0, colon), field.slice(colon + 1));
  }
  const told = [address, `${request.method} ${request.url}`, ...fields, '', Buffer.concat(pieces).toString()];
  const bytes = Number(asked.get('bytes') ?? 0);
  response.end(bytes > 0 ? 'tell me more '.repeat(bytes).slice(0, bytes) : `${told.join('\n')}\n`);
}
