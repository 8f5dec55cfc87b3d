import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entry, runModule, temporaryFolder } from './support.ts';

const PROCESSES = 3;
const ENTRIES = 2000;

test('several processes append whole lines to one file', { timeout: 30_000 }, async () => {
  const file = join(temporaryFolder(), 'access.log');
  const runs = await Promise.all(
    Array.from({ length: PROCESSES }, (_, i) =>
      runModule(`
        const { AccessLog } = await core('worker/access-log.ts');
        const log = new AccessLog({ format: 'json', file: ${JSON.stringify(file)} });
        for (let i = 0; i < ${ENTRIES}; i++) log.write({ ...${JSON.stringify(entry)}, requestId: '${i}-' + i, target: '/' + 'x'.repeat(i % 700) });
        await log.close();
      `),
    ),
  );
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, '']));
  const ids = readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line).requestId);
  expect(new Set(ids).size).toBe(PROCESSES * ENTRIES);
});
