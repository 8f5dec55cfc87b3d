import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entry, runModule, temporaryFolder } from './support.ts';

const write = (file: string | null): string => `
  const { AccessLog } = await core('worker/access-log.ts');
  const log = new AccessLog({ format: 'json', file: ${JSON.stringify(file)} });
  for (let i = 0; i < 500; i++) log.write(${JSON.stringify(entry)});
  process.exit(3);
`;

describe('entries are not lost when the process exits', () => {
  test('to a file', async () => {
    const file = join(temporaryFolder(), 'access.log');
    expect((await runModule(write(file))).code).toBe(3);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(501);
  });

  test('to standard output', async () => {
    const { code, stdout } = await runModule(write(null));
    expect(code).toBe(3);
    expect(stdout.split('\n')).toHaveLength(501);
  });
});
