// Writes one answer into a cache and the half of another one, says so, and waits: node cache-writer.ts FOLDER.
import { DiskTier } from '../../plugins/builtin/cache/disk/disk-tier.ts';
import type { StoredHead } from '../../plugins/builtin/cache/stored-answer.ts';

const quiet = (): void => {};
const tier = await DiskTier.open({
  folder: process.argv[2] ?? '',
  size: 2 ** 30,
  entries: 1000,
  largest: 2 ** 26,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});
const writer = (path: string) =>
  tier.writer({
    key: `https://example.com${path}\n`,
    variant: '',
    vary: [],
    id: path,
    status: 200,
    fields: [],
    length: -1,
    tags: [],
    freshness: { bornAt: Date.now(), lifetimeMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
    origin: null,
  } satisfies StoredHead);
const whole = writer('/whole');
await whole?.write(Buffer.alloc(100_000, 'x'));
await whole?.finish();
const half = writer('/half');
for (let index = 0; index < 20; index++) await half?.write(Buffer.alloc(65_536, 'x'));
process.stdout.write('half of it is written\n');
setInterval(quiet, 1000);
