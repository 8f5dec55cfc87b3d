import { AddressSetBuilder, inTurns, type AddressSet } from '../../api.ts';
import type { FileReading } from '../watched-file.ts';

const MOST_BYTES = 64 * 2 ** 20;
const MOST_ENTRIES = 2_000_000;
const LINES_A_STEP = 512;
const LINE_FEED = 10;

/**
 * A file with an address or a range in each line. What follows a `#` or a `;` is a comment.
 * Rejects for a line that is neither with its file and number.
 */
export function addressListFile(path: string): FileReading<AddressSet> {
  return {
    path,
    mostBytes: MOST_BYTES,
    read: (content, file) => inTurns(readLines(content, file)),
  };
}

function* readLines(content: Buffer, file: string): Generator<undefined, AddressSet> {
  const builder = new AddressSetBuilder();
  let number = 0;
  for (let start = 0; start < content.length;) {
    const lineFeed = content.indexOf(LINE_FEED, start);
    const end = lineFeed === -1 ? content.length : lineFeed;
    number += 1;
    const entry = entryOf(content.toString('latin1', start, Math.min(end, start + 1000)));
    start = end + 1;
    if (number % LINES_A_STEP === 0) yield;
    if (entry === '') continue;
    try {
      builder.add(entry);
    } catch (error) {
      throw new Error(`${file}:${number}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    if (builder.entries > MOST_ENTRIES)
      throw new Error(`${file}:${number}: a list may have ${MOST_ENTRIES} entries, and this one has more`);
  }
  return yield* builder.steps();
}

function entryOf(line: string): string {
  const comment = line.search(/[#;]/);
  return (comment === -1 ? line : line.slice(0, comment)).trim();
}
