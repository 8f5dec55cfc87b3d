import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { missingLines, readExample, startExample } from '../../support/documented-example.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test.each(globSync('docs/plugins/*.md', { cwd: root }).toSorted())(
  'the example of %s does what the page says',
  async (page) => {
    const example = readExample(`${root}/${page}`);
    const run = await startExample(example);
    for (const { line, output } of example.commands) {
      const found = await run(line);
      expect(missingLines(output, found), `$ ${line}\n${found}`).toEqual([]);
    }
  },
);
