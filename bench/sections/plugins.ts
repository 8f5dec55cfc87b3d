import { measureAddressLists } from '../address-lists.ts';
import { measureCompression } from '../compression.ts';
import type { Bar, Bench, Section } from '../bench.ts';

/** What one built-in plugin adds to the section. */
export interface PluginPart {
  readonly rows: readonly (readonly [what: string, measured: string])[];
  readonly bars: readonly Bar[];
  readonly notes: readonly string[];
}

/** What the built-in plugins cost. */
export async function measurePlugins(bench: Bench): Promise<Section> {
  bench.progress('acl');
  const lists = await measureAddressLists(bench.options);
  bench.progress('compress');
  const parts: readonly PluginPart[] = [lists, await measureCompression(bench.options)];
  return {
    title: 'Built-in plugins',
    method: 'What the work of a plugin costs by itself, without the request around it.',
    table: { head: ['', 'measured'], rows: parts.flatMap(({ rows }) => rows) },
    bars: parts.flatMap(({ bars }) => bars),
    notes: parts.flatMap(({ notes }) => notes),
  };
}
