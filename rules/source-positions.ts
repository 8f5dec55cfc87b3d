import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { BUNDLE_NAME } from './isolate.ts';

export interface SourcePosition {
  /** Absolute path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const FRAME = new RegExp(`${BUNDLE_NAME.replaceAll('.', '\\.')}:(\\d{1,9}):(\\d{1,9})`);
const MAX_FRAMES = 20;

/** Finds the authors' TypeScript behind the positions of a stack trace. The map is read when first needed. */
export class SourcePositions {
  readonly #json: string;
  readonly #isOwn: (file: string) => boolean;
  #map: TraceMap | null = null;

  /** `isOwn`: whether a file is part of Tidegate and not of the script. */
  constructor(sourceMap: string, isOwn: (file: string) => boolean) {
    this.#json = sourceMap;
    this.#isOwn = isOwn;
  }

  /** The stack's places in the script's own files, innermost first. `stack` is from the sandbox and may be anything. */
  of(stack: string): readonly SourcePosition[] {
    const found: SourcePosition[] = [];
    for (const line of stack.slice(0, 10_000).split('\n').slice(0, MAX_FRAMES)) {
      const match = FRAME.exec(line);
      if (match === null) continue;
      const map = (this.#map ??= new TraceMap(this.#json));
      const original = originalPositionFor(map, {
        line: Math.max(1, Number(match[1])),
        column: Math.max(0, Number(match[2]) - 1),
      });
      if (original.source === null || this.#isOwn(original.source)) continue;
      found.push({ file: original.source, line: original.line, column: original.column + 1 });
    }
    return found;
  }
}

export function formatPosition(position: SourcePosition): string {
  return `${position.file}:${position.line}:${position.column}`;
}
