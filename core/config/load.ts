import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { crossChecks } from './cross-checks.ts';
import { draftOf } from './draft.ts';
import { moduleSource } from './evaluate.ts';
import { pathText } from './finding.ts';
import type { ConfigProblem, Finding } from './finding.ts';
import { pluginFindings } from './plugin-checks.ts';
import { readReferencedFiles } from './referenced-files.ts';
import { readRegularFile } from './regular-file.ts';
import { resolveConfig } from './resolve.ts';
import { schemaFindings } from './schema-findings.ts';
import { configSchema } from './schema.ts';
import type { Source } from './source.ts';
import { jsonSource, yamlSource } from './text-source.ts';
import { unixPathFindings } from './unix-path-checks.ts';
import type { Config } from '../shared/config-types.ts';

export type { ConfigProblem } from './finding.ts';

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly inputs: readonly string[] }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigProblem[];
      readonly inputs: readonly string[];
      /** Absolute paths of the rule scripts that it names, if as much as that can be understood. */
      readonly scripts?: readonly string[];
    };

/** The names that are looked for where no file is given. */
const FILE_NAMES = ['ts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (extension) => `tidegate.config.${extension}`,
);

/**
 * Reads and checks a config file; never throws for what is wrong with it. All problems come at once.
 * `inputs`: absolute paths of the files a change of which may change the result (rule scripts that exist aside).
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const path = resolve(file);
  const source = await readSource(path);
  if (!source.ok) return source;

  // 1. The shape of every value, 2. what the values have to do with each other, 3. the files that they name
  const parsed = configSchema.safeParse(source.value);
  const draft = draftOf(source.value);
  const files = await readReferencedFiles(draft, dirname(path));
  const plugins = await pluginFindings(draft, path);
  const findings = [
    ...(parsed.success ? [] : schemaFindings(parsed.error.issues)),
    ...crossChecks(draft),
    ...unixPathFindings(draft, dirname(path)),
    ...files.findings,
    ...plugins.findings,
  ];

  const inputs = [...new Set([...source.inputs, ...files.inputs, ...plugins.missing])];
  if (!parsed.success || findings.length > 0) {
    return {
      ok: false,
      problems: inFileOrder(findings.map((finding) => locate(finding, path, source))),
      inputs,
      scripts: draft.listeners.flatMap(({ rules, shadow }) =>
        [rules, shadow].flatMap((each) =>
          each === undefined ? [] : [resolve(dirname(path), typeof each === 'string' ? each : each.script)],
        ),
      ),
    };
  }
  return { ok: true, config: resolveConfig(parsed.data, path, files.texts), inputs };
}

export type FoundConfig =
  | { readonly ok: true; readonly file: string }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Looks for the one config file of a folder. */
export async function findConfig(folder: string): Promise<FoundConfig> {
  const path = resolve(folder);
  const present = new Set(await readdir(path).catch(() => []));
  const [file, ...more] = FILE_NAMES.filter((name) => present.has(name));
  if (file === undefined) {
    return failed(path, `expected a config file, found none of ${FILE_NAMES.join(', ')}`);
  }
  if (more.length > 0) {
    const found = [file, ...more].join(' and ');
    return failed(path, `expected one config file, found ${found}: remove one, or name one`);
  }
  return { ok: true, file: join(path, file) };
}

function failed(
  file: string,
  message: string,
  inputs: readonly string[] = [],
): Extract<LoadedConfig, { ok: false }> {
  return { ok: false, problems: [{ file, path: '', message }], inputs };
}

async function readSource(file: string): Promise<Source> {
  const read = await readRegularFile(file);
  if (!read.ok) return failed(file, `expected a config file, found ${read.found}`, [file]);
  const { text } = read;
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
      return yamlSource(file, text);
    case '.json':
      return jsonSource(file, text);
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return moduleSource(file);
    default:
      return failed(
        file,
        `expected a config file ending in .ts, .js, .mjs, .json, .yaml or .yml, found "${basename(file)}"`,
        [file],
      );
  }
}

function locate(finding: Finding, file: string, source: Extract<Source, { ok: true }>): ConfigProblem {
  const position = source.locate(finding.path, finding.atKey ?? false);
  return { file, path: pathText(finding.path), message: finding.message, ...position };
}

function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
