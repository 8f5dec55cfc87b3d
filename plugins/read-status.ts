import type { PluginStatus } from '../core/shared/plugin-types.ts';
import type { PluginHooks } from './contract/hooks.ts';

const MOST_VALUES = 50;
const LONGEST_TEXT = 200;

/** What a plugin says of itself, as far as it is fit to be shown; null: nothing. */
export function readStatus(hooks: PluginHooks): PluginStatus['status'] {
  let said: unknown;
  try {
    said = hooks.status?.();
  } catch (error) {
    return { error: String(error).slice(0, LONGEST_TEXT) };
  }
  if (typeof said !== 'object' || said === null) return null;
  const shown = Object.entries(said)
    .slice(0, MOST_VALUES)
    .flatMap(([name, value]: [string, unknown]): [string, string | number | boolean][] => {
      if (typeof value === 'string') return [[name.slice(0, LONGEST_TEXT), value.slice(0, LONGEST_TEXT)]];
      return typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : [];
    });
  return Object.fromEntries(shown);
}
