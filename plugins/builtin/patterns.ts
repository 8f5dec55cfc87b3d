import { RE2JS } from 're2js';
import { z } from 'zod';
import { wants } from './fields.ts';

/** What a pattern found: a group by number (`1`) or name; null where it took no part. */
export type Groups = (name: string) => string | null;

export interface Pattern {
  readonly groups: number;
  hasGroup(name: string): boolean;
  matches(text: string): boolean;
  /** null: no match. */
  find(text: string): Groups | null;
}

/** Nothing that is matched is as long where limits are the usual ones; what is longer matches nothing. */
const LONGEST_TEXT = 16_384;
const LONGEST_PATTERN = 1000;

/**
 * A user's regular expression in the syntax of RE2, which needs time linear in the text whatever the pattern is: texts come
 * from clients, and a backtracking engine can be held up by a few dozen characters. Throws an Error that says what is wrong with it.
 */
export function compilePattern(source: string): Pattern {
  const compiled = RE2JS.compile(source);
  const names = new Set(Object.keys(compiled.namedGroups()));
  return {
    groups: compiled.groupCount(),
    hasGroup: (name) => (/^\d+$/.test(name) ? Number(name) <= compiled.groupCount() : names.has(name)),
    matches: (text) => text.length <= LONGEST_TEXT && compiled.matcher(text).find(),
    find(text) {
      if (text.length > LONGEST_TEXT) return null;
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return null;
      return (name) => matcher.group(/^\d+$/.test(name) ? Number(name) : name);
    },
  };
}

/** Found anywhere in the text, unless it has `^` and `$`. */
export function pattern() {
  return z
    .string({ error: wants('a regular expression') })
    .max(LONGEST_PATTERN, { error: `expected a regular expression of at most ${LONGEST_PATTERN} characters` })
    .transform((source, context) => {
      try {
        return compilePattern(source);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        context.addIssue({
          code: 'custom',
          message: `expected a regular expression as RE2 reads it (without look-around and back references): ${reason}`,
        });
        return z.NEVER;
      }
    });
}
