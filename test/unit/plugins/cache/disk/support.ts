import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DiskTier } from '../../../../../plugins/builtin/cache/disk/disk-tier.ts';
import type { ByteSpan, StoredHead } from '../../../../../plugins/builtin/cache/stored-answer.ts';
import { recordingLog, type LoggedLine } from '../../../../support/recording-log.ts';

/** A folder that is not there yet; gone when the test has finished. */
export function cacheFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-cache-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache');
}

export interface Opened {
  readonly tier: DiskTier;
  readonly lines: readonly LoggedLine[];
}

/** As a worker does; closed when the test has finished. */
export async function openTier(
  folder: string,
  bounds: { readonly size?: number; readonly entries?: number; readonly largest?: number } = {},
): Promise<Opened> {
  const { log, lines } = recordingLog();
  const tier = await DiskTier.open({
    folder,
    size: 2 ** 30,
    entries: 100_000,
    largest: 2 ** 26,
    log,
    ...bounds,
  });
  onTestFinished(() => tier.close());
  return { tier, lines };
}

export function headOf(path: string, more: Partial<StoredHead> = {}): StoredHead {
  return {
    key: `https://example.com${path}\n`,
    variant: '',
    vary: [],
    id: `id of ${path}`,
    status: 200,
    fields: [['content-type', 'text/plain']],
    length: -1,
    tags: [],
    freshness: {
      bornAt: 1_700_000_000_000,
      lifetimeMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
    },
    origin: null,
    ...more,
  };
}

/** Writes it whole. False: the tier took none of it. */
export async function keep(tier: DiskTier, head: StoredHead, body: string | Buffer): Promise<boolean> {
  const writer = tier.writer(head);
  if (writer === null) return false;
  await writer.write(Buffer.from(body));
  await writer.finish();
  return true;
}

/** What the tier gives for the head; null: a miss. Rejects where the body is cut off. */
export async function bodyOf(tier: DiskTier, head: StoredHead, span?: ByteSpan): Promise<Buffer | null> {
  const body = await tier.read(head, span);
  if (body === null) return null;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Paths of all files of entries. */
export function entryFiles(folder: string): string[] {
  const entries = join(folder, 'entries');
  return readdirSync(entries, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/'))
    .map((name) => join(entries, name));
}
