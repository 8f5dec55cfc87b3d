import { transformSync } from 'esbuild';
import { isCollection, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import { syntaxProblemOf } from './esbuild-problem.ts';
import type { ConfigProblem } from './finding.ts';
import type { Locate, Position, Source } from './source.ts';

/** Reads the text of a YAML config. */
export function yamlSource(file: string, text: string): Source {
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (document.errors.length > 0) return refused(file, parserProblems(file, text, document.errors, lines));
  try {
    return { ok: true, value: document.toJS(), locate: locator(document, lines), inputs: [file] };
  } catch (error) {
    // An alias of nothing, or aliases that would unfold into something huge
    return refused(file, [
      { file, path: '', message: error instanceof Error ? error.message : String(error) },
    ]);
  }
}

/** Reads the text of a JSON config. */
export function jsonSource(file: string, marked: string): Source {
  const text = marked.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused(file, [jsonSyntaxProblem(file, text, error)]);
  }
  // JSON is YAML too: read once more for the positions, and for keys that JSON.parse lets through twice.
  const lines = new LineCounter();
  const document = parse(text, lines);
  const duplicates = document.errors.filter((error) => error.code === 'DUPLICATE_KEY');
  if (duplicates.length > 0) return refused(file, parserProblems(file, text, duplicates, lines));
  return { ok: true, value, locate: locator(document, lines), inputs: [file] };
}

function parse(text: string, lineCounter: LineCounter): Document {
  return parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'silent' });
}

function refused(file: string, problems: readonly ConfigProblem[]): Source {
  return { ok: false, problems, inputs: [file] };
}

/** JSON.parse tells the place of some errors only; esbuild tells that of all. */
function jsonSyntaxProblem(file: string, text: string, thrown: unknown): ConfigProblem {
  try {
    transformSync(text, { loader: 'json', sourcefile: file, logLevel: 'silent' });
  } catch (error) {
    const problem = syntaxProblemOf(error);
    if (problem !== undefined) return { path: '', message: problem.message, ...problem.place, file };
  }
  return { file, path: '', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function parserProblems(
  file: string,
  text: string,
  errors: readonly YAMLError[],
  lines: LineCounter,
): ConfigProblem[] {
  return errors.map((error) => {
    const place = position(lines, error.pos[0]);
    const line = text.slice(lines.lineStarts[place.line - 1]).split('\n', 1)[0] ?? '';
    const message =
      error.code === 'DUPLICATE_KEY' ? 'expected each key once, found this one twice' : error.message;
    return { file, path: '', message: message + quoteHint(line), ...place };
  });
}

/** `address: [::]:80` begins a YAML list, which no message of the parser would lead anybody to think of. */
function quoteHint(line: string): string {
  const address = /:\s(\[[0-9A-Fa-f:.]*\]:\d+)/.exec(line);
  return address === null ? '' : `; put the address in quotes: "${address[1]}"`;
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function locator(document: Document, lines: LineCounter): Locate {
  return (path, atKey) => {
    let node: unknown = document.contents;
    let offset = startOf(node);
    for (const [depth, key] of path.entries()) {
      const found = childOf(node, key);
      if (found === undefined) break;
      const wantsKey = atKey && depth === path.length - 1;
      offset = (wantsKey ? undefined : startOf(found.value)) ?? startOf(found.key) ?? offset;
      node = found.value;
    }
    return offset === undefined ? undefined : position(lines, offset);
  };
}

function childOf(
  node: unknown,
  key: PropertyKey,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isMap(node)) {
    return node.items.find((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key) === String(key));
  }
  if (!isCollection(node) || typeof key !== 'number') return undefined;
  const value: unknown = node.items[key];
  return value === undefined ? undefined : { key: value, value };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
