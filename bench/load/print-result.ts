import type { LoadResult } from './load-result.ts';

/** What a load process of ours tells its parent, as one line of JSON; latencies in milliseconds, in any order. */
export function printResult(
  latencies: readonly number[],
  rest: Pick<LoadResult, 'seconds' | 'socketErrors' | 'errorAnswers'>,
  onWritten: () => void = () => {},
): void {
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  const result: LoadResult = {
    requests: latencies.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    ...rest,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, onWritten);
}
