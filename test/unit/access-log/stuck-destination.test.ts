import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entry, runModule, temporaryFolder } from './support.ts';

test(
  'entries for a destination that takes none are dropped and counted; the event loop goes on',
  { timeout: 30_000 },
  async () => {
    const fifo = join(temporaryFolder(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    // open, so that the writer can open it, and never read
    const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const running = runModule(`
      const { AccessLog } = await core('worker/access-log.ts');
      const log = new AccessLog({ format: 'json', file: ${JSON.stringify(fifo)} });
      const entry = { ...${JSON.stringify(entry)}, target: '/' + 'x'.repeat(5000) };
      let worst = 0;
      for (let i = 0; i < 5000; i++) {
        const started = performance.now();
        log.write(entry);
        if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        worst = Math.max(worst, performance.now() - started);
      }
      process.stdout.write(JSON.stringify({ dropped: log.dropped, worst, rss: process.memoryUsage.rss() }), () => process.kill(process.pid, 'SIGKILL'));
    `);
      const { stdout } = await running;
      const { dropped, worst, rss } = JSON.parse(stdout);
      // 5000 entries of 5.5 kB; 8 MiB of them are held
      expect(dropped).toBeGreaterThan(3000);
      expect(dropped).toBeLessThan(3800);
      expect(worst).toBeLessThan(500);
      expect(rss).toBeLessThan(300 * 1024 * 1024);
      expect(readSync(reader, Buffer.alloc(100))).toBe(100);
    } finally {
      closeSync(reader);
    }
  },
);
