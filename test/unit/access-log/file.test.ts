import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AccessLog } from '../../../core/worker/access-log.ts';
import { entry, temporaryFolder } from './support.ts';

const open: AccessLog[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((log) => log.close()));
});

function openLog(file: string): AccessLog {
  const log = new AccessLog({ format: 'json', file });
  open.push(log);
  return log;
}

function requestIds(file: string): unknown[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line).requestId);
}

describe('access log in a file', () => {
  test('an entry is there soon, without more entries after it', async () => {
    const file = join(temporaryFolder(), 'made', 'access.log');
    openLog(file).write(entry);
    await vi.waitFor(() => expect(requestIds(file)).toEqual(['id-1']), { timeout: 30_000 });
  });

  test('close writes what is pending, after what the file had before', async () => {
    const file = join(temporaryFolder(), 'access.log');
    for (let run = 0; run < 2; run++) {
      const log = openLog(file);
      for (let i = 0; i < 1000; i++) log.write({ ...entry, requestId: `${run}-${i}` });
      await log.close();
    }
    expect(requestIds(file)).toEqual(
      [0, 1].flatMap((run) => Array.from({ length: 1000 }, (_, i) => `${run}-${i}`)),
    );
  });

  test('after a rotation reopen goes on in a new file and loses nothing', async () => {
    const file = join(temporaryFolder(), 'access.log');
    const log = openLog(file);
    log.write({ ...entry, requestId: 'before' });
    renameSync(file, `${file}.1`);
    log.reopen();
    log.write({ ...entry, requestId: 'after' });
    await log.close();
    await vi.waitFor(() => expect(requestIds(`${file}.1`)).toEqual(['before']), { timeout: 30_000 });
    expect(requestIds(file)).toEqual(['after']);
  });

  test('a file that cannot be opened is an error at once', () => {
    expect(() => new AccessLog({ format: 'json', file: temporaryFolder() })).toThrow(/EISDIR/);
  });
});
