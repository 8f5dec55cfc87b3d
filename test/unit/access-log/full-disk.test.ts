import { expect, test, vi } from 'vitest';
import type { Logger } from '../../../core/shared/log.ts';
import { AccessLog } from '../../../core/worker/access-log.ts';
import { entry } from './support.ts';

test('a disk that is full is said in the application log, and keeps nothing from closing', async () => {
  const ignore = (): void => {};
  const error = vi.fn<(fields: Readonly<Record<string, unknown>> | string, message?: string) => void>();
  const logger: Logger = {
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: ignore,
    error,
    fatal: ignore,
    child: () => logger,
  };
  const log = new AccessLog({ format: 'json', file: '/dev/full' }, logger);
  await vi.waitFor(
    () => {
      log.write(entry);
      expect(error).toHaveBeenCalledWith(
        { dropped: 0, err: expect.objectContaining({ code: 'ENOSPC' }) },
        'the access log cannot be written',
      );
    },
    { timeout: 30_000 },
  );
  for (let again = 0; again < 20; again++) {
    log.write(entry);
    log.reopen();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(error, 'not for every write that fails').toHaveBeenCalledTimes(1);
  await log.close();
});
