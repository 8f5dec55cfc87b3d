import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { configSchema } from './schema.ts';

/**
 * The JSON schema for editors and the reference page, both made from `schema.ts`. Run this file to write
 * them: `node core/config/reference.ts`.
 */
export function referenceFiles(): { readonly url: URL; readonly text: string }[] {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  const titled = { ...schema, title: 'Tidegate config' };
  return [
    {
      url: new URL('../../docs/config.schema.json', import.meta.url),
      text: `${JSON.stringify(titled, null, 2)}\n`,
    },
    { url: new URL('../../docs/config.md', import.meta.url), text: page(schema) },
  ];
}

type Schema = z.core.JSONSchema.BaseSchema;

interface Section {
  readonly heading: string;
  readonly schema: Schema;
}

const INTRODUCTION = `# Config reference

<!-- Made from core/config/schema.ts by \`node core/config/reference.ts\`: change that, not this. -->

A config is \`tidegate.config.ts\`, \`.js\`, \`.mjs\`, \`.json\`, \`.yaml\` or \`.yml\`; they all hold the same keys. A TypeScript or
JavaScript config exports plain data as its default, best through \`defineConfig\` from \`tidegate\`, which types it. For JSON
and YAML, editors take their help from [config.schema.json](config.schema.json), which the npm package holds too. In a project
that has Tidegate installed, the first line of the config is:

- in JSON, inside the braces: \`"$schema": "./node_modules/tidegate/docs/config.schema.json",\`
- in YAML: \`# yaml-language-server: $schema=./node_modules/tidegate/docs/config.schema.json\`

What holds for every key:

- Relative paths are relative to the folder of the config file.
- A *duration* is a text with its unit: \`300ms\`, \`5s\`, \`1m\`, \`1h\`, \`1d\`; from \`1ms\` to \`596h\` unless its row says otherwise. A *size* too: \`512B\`, \`64KiB\`, \`1MiB\`, \`1GiB\`.
- An *address* is \`127.0.0.1:8080\`, \`[::1]:8080\`, \`localhost:8080\` or \`unix:/path\`; to listen on, also \`:8080\`, every
  interface (in YAML, one that begins with a bracket needs quotes: \`"[::]:80"\`).
- An *address range* is \`10.0.0.0/8\`, \`2001:db8::/32\` or a single address.
- A *name* is made of letters, digits, \`.\`, \`_\` and \`-\`, and begins with a letter or digit.
- An unknown key is an error. A key without default that is not marked as required may be left out.
`;

function page(root: Schema): string {
  const sections: Section[] = [{ heading: 'Top level', schema: root }];
  const tables = new Map<string, string[]>();
  // Sections found on the way join the end of the list.
  for (const { heading, schema } of sections) {
    const top = heading === 'Top level';
    const rows = rowsOf(schema, '', top ? '' : heading, sections).join('\n');
    tables.set(rows, [...(tables.get(rows) ?? []), top ? heading : `\`${heading}\``]);
  }
  const parts = [...tables].map(
    ([rows, headings]) =>
      `## ${headings.join(', ')}\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n${rows}\n`,
  );
  return [INTRODUCTION, ...parts].join('\n');
}

/** One row for each key; objects directly inside are flattened into it, others get a section of their own. */
function rowsOf(schema: Schema, prefix: string, section: string, sections: Section[]): string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    if (typeof value === 'boolean') return [];
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (value.properties !== undefined) return rowsOf(value, path, section, sections);
    const full = section === '' ? path : `${section}.${path}`;
    for (const inner of innerObjects(value, full)) sections.push(inner);
    const missing = required.has(key) ? '*required*' : '';
    const standard = value.default === undefined ? missing : `\`${JSON.stringify(value.default)}\``;
    return [`| \`${path}\` | ${cell(typeText(value))} | ${standard} | ${cell(value.description ?? '')} |`];
  });
}

/** The objects that are elements, members or one form of a value. */
function innerObjects(value: Schema, path: string): Section[] {
  const candidates: [heading: string, schema: unknown][] = [
    [`${path}[]`, value.items],
    [`${path}.NAME`, value.additionalProperties],
    ...(formsOf(value) ?? []).map((form): [string, unknown] => [`${path}${protocolsOf(form)}`, form]),
  ];
  return candidates.flatMap(([heading, schema]) => {
    if (!isSchema(schema)) return [];
    return schema.properties === undefined ? innerObjects(schema, heading) : [{ heading, schema }];
  });
}

/** Which of several kinds of object it is, where `protocol` tells. */
function protocolsOf({ properties }: Schema): string {
  const protocol = properties?.['protocol'];
  const names = isSchema(protocol) ? (protocol.enum ?? []) : [];
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The kinds of value that it may be. */
function formsOf({ anyOf, oneOf }: Schema): readonly Schema[] | undefined {
  return anyOf ?? oneOf;
}

function typeText(schema: Schema): string {
  if (schema.title !== undefined) return schema.title;
  const forms = formsOf(schema);
  if (forms !== undefined) return [...new Set(forms.map(typeText))].join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${JSON.stringify(each)}\``).join(' or ');
  if (schema.type === 'array') return `list of ${isSchema(schema.items) ? plural(schema.items) : 'anything'}`;
  if (schema.type === 'integer') return `integer, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'number' && schema.minimum !== undefined)
    return `number, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'object' && isSchema(schema.additionalProperties))
    return `object of ${plural(schema.additionalProperties)}`;
  return typeof schema.type === 'string' ? schema.type : 'anything';
}

function plural(schema: Schema): string {
  const text = typeText(schema);
  if (schema.anyOf !== undefined) return `(${text})`;
  return text.startsWith('list of ') ? text.replace('list', 'lists') : text.endsWith('s') ? text : `${text}s`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (import.meta.main) {
  for (const { url, text } of referenceFiles()) await writeFile(url, text);
}
