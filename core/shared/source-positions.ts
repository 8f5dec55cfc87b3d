import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

export interface SourcePosition {
  /** Absolute path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const MAX_FRAMES = 20;
const LONGEST_STACK = 10_000;

/** Finds the authors' TypeScript behind the positions of a bundle in a stack trace. The map is read when first needed. */
export class SourcePositions {
  readonly #json: string;
  readonly #frame: RegExp;
  readonly #isOwn: (file: string) => boolean;
  #map: TraceMap | null = null;

  /** `bundleName`: what the bundle is called in a stack. `isOwn`: whether a file is part of Tidegate and not of the author's. */
  constructor(sourceMap: string, bundleName: string, isOwn: (file: string) => boolean = () => false) {
    this.#json = sourceMap;
    this.#frame = new RegExp(`${RegExp.escape(bundleName)}:(\\d{1,9}):(\\d{1,9})`);
    this.#isOwn = isOwn;
  }

  /** The stack's places in the author's own files, innermost first. `stack` may be anything. */
  of(stack: string): readonly SourcePosition[] {
    return lines(stack).flatMap((line) => this.#positionIn(line) ?? []);
  }

  /** The stack with the author's places in place of the bundle's. */
  rewrite(stack: string): string {
    return lines(stack)
      .map((line) => {
        const position = this.#positionIn(line);
        return position === null ? line : line.replace(this.#frame, () => formatPosition(position));
      })
      .join('\n');
  }

  #positionIn(line: string): SourcePosition | null {
    const match = this.#frame.exec(line);
    if (match === null) return null;
    const map = (this.#map ??= new TraceMap(this.#json));
    const original = originalPositionFor(map, {
      line: Math.max(1, Number(match[1])),
      column: Math.max(0, Number(match[2]) - 1),
    });
    if (original.source === null || this.#isOwn(original.source)) return null;
    return { file: original.source, line: original.line, column: original.column + 1 };
  }
}

function lines(stack: string): string[] {
  return stack.slice(0, LONGEST_STACK).split('\n').slice(0, MAX_FRAMES);
}

export function formatPosition(position: SourcePosition): string {
  return `${position.file}:${position.line}:${position.column}`;
}
