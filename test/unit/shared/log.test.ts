import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../../core/shared/log.ts';
import { runModule, temporaryFolder } from '../access-log/support.ts';

function linesOf(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): Record<string, unknown> => JSON.parse(line));
}

describe('application log', () => {
  test('a line has level, time, component, fields and message; lower levels are left out', async () => {
    const file = join(temporaryFolder(), 'tidegate.log');
    const log = createLogger({ level: 'info', file, access: null });
    const child = log.child({ component: 'reload' });
    child.debug('not this');
    child.info({ version: 3 }, 'snapshot committed');
    child.error({ err: new Error('broken') }, 'failed');
    await log.close();
    const [first, second] = linesOf(file);
    expect(first).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      pid: process.pid,
      component: 'reload',
      version: 3,
      msg: 'snapshot committed',
    });
    expect(second).toMatchObject({ level: 'error', err: { message: 'broken', stack: expect.any(String) } });
  });

  test('children too go on in a new file after reopen', async () => {
    const file = join(temporaryFolder(), 'tidegate.log');
    const log = createLogger({ level: 'info', file, access: null });
    const child = log.child({ component: 'a' });
    child.info('before');
    renameSync(file, `${file}.1`);
    log.reopen();
    child.info('after');
    await log.close();
    expect(linesOf(file).map((line) => line['msg'])).toEqual(['after']);
    expect(linesOf(`${file}.1`).map((line) => line['msg'])).toEqual(['before']);
  });

  test('nothing is lost when the process exits or throws', async () => {
    const lines = (end: string): string => `
      const { createLogger } = await core('shared/log.ts');
      const log = createLogger({ level: 'info', file: null, access: null });
      for (let i = 0; i < 300; i++) log.info({ i, filler: 'x'.repeat(200) }, 'line');
      ${end}
    `;
    for (const end of ['process.exit(0)', 'throw new Error("on purpose")', '']) {
      const { stdout } = await runModule(lines(end));
      expect([
        end,
        stdout
          .split('\n')
          .slice(0, -1)
          .map((line): unknown => JSON.parse(line).i),
      ]).toEqual([end, Array.from({ length: 300 }, (_, i) => i)]);
    }
  });
});
