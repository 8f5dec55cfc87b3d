import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip, gunzipSync } from 'node:zlib';
import { createEncoder } from '../plugins/builtin/compress/codecs.ts';
import { Compressing } from '../plugins/builtin/compress/compressing.ts';
import type { BenchOptions } from './options.ts';
import { median } from './process/median.ts';
import type { PluginPart } from './sections/plugins.ts';

const LEVEL = 5;
const PIECE_BYTES = 64 * 1024;
const MIB = 1024 * 1024;

/** What `compress` needs for a long answer, and Node's zlib by itself for the same, in this process. */
export async function measureCompression(options: BenchOptions): Promise<PluginPart> {
  const content = textOf((options.quick ? 4 : 32) * MIB);
  const alone: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    alone.push(await cpuSecondsOf(packByItself, content));
    ours.push(await cpuSecondsOf(packAsPlugin, content));
  }
  const longestMs = await longestTurnMs(() => packAsPlugin(content));
  const rate = (seconds: number): string => `${(content.length / MIB / seconds).toFixed(1)} MiB/s`;
  return {
    rows: [
      [`zlib by itself: gzip, level ${LEVEL}`, rate(median(alone))],
      [`compress: gzip, level ${LEVEL}`, rate(median(ours))],
      ['compress: longest turn of the event loop', `${longestMs.toFixed(1)} ms`],
    ],
    bars: [
      {
        what: 'compress: CPU time beside that of zlib by itself',
        measured: median(ours) / median(alone),
        most: 1 / 0.9,
        unit: '×',
      },
      { what: 'compress: longest turn of the event loop', measured: longestMs, most: 20, unit: 'ms' },
    ],
    notes: [
      'compress: text in pieces of 64 KiB; bytes by CPU time of all threads, medians of the rounds, the two in turns. A turn is what the loop’s own thread works at a stretch, its garbage collection included.',
    ],
  };
}

async function cpuSecondsOf(pack: (content: Buffer) => Promise<Buffer[]>, content: Buffer): Promise<number> {
  const before = process.cpuUsage();
  const packed = await pack(content);
  const { user, system } = process.cpuUsage(before);
  if (!gunzipSync(Buffer.concat(packed)).equals(content))
    throw new Error('what was packed is not what comes out');
  return (user + system) / 1e6;
}

async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  const state = { isDone: false };
  const done = work().finally(() => (state.isDone = true));
  let longestUs = 0;
  let last = threadCpuUs();
  while (!state.isDone) {
    await nextTurn();
    const now = threadCpuUs();
    longestUs = Math.max(longestUs, now - last);
    last = now;
  }
  await done;
  return longestUs / 1000;
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** As fast as a stream takes it. */
async function packByItself(content: Buffer): Promise<Buffer[]> {
  const gzip = createGzip({ level: LEVEL });
  const packed: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => packed.push(piece));
  const ended = once(gzip, 'end');
  for (const piece of piecesOf(content)) if (!gzip.write(piece)) await once(gzip, 'drain');
  gzip.end();
  await ended;
  return packed;
}

async function packAsPlugin(content: Buffer): Promise<Buffer[]> {
  const packed: Buffer[] = [];
  const push = (piece: Uint8Array): void => void packed.push(Buffer.from(piece));
  const transform = new Compressing(() => createEncoder('gzip', LEVEL, null), false, {
    bytesIn: 0,
    bytesOut: 0,
  });
  for (const piece of piecesOf(content)) await transform.data(piece, push);
  await transform.end(push);
  transform.close();
  return packed;
}

function* piecesOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE_BYTES) yield content.subarray(at, at + PIECE_BYTES);
}

/** Shrinks as pages do: lines alike, with numbers that are not. */
function textOf(bytes: number): Buffer {
  const text = Buffer.alloc(bytes);
  let at = 0;
  let seed = 1;
  while (at < bytes) {
    seed = Math.imul(seed, 48_271) >>> 0;
    at += text.write(
      `<li class="item-${seed % 97}"><a href="/items/${seed}">Item ${seed % 10_007}</a></li>\n`,
      at,
    );
  }
  return text;
}
