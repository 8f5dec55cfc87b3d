import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { statusOf } from '../../../core/exchange/respond.ts';
import { ERROR_CODES } from '../../../core/shared/errors.ts';

test('docs/errors.md lists every error code with its status, and no other', () => {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}|–) \|/gm)].map(
    ([, code, status]) => `${code} ${status}`,
  );
  const inCode = ERROR_CODES.map((code) => `${code} ${statusOf(code) ?? '–'}`);
  expect(new Set(documented)).toEqual(new Set(inCode));
  expect(documented).toHaveLength(inCode.length);
});
