import { expect, test, vi } from 'vitest';
import { TokenBucket } from '../../../core/shared/token-bucket.ts';

test('lets so many through at once and so many a second, and counts the others', () => {
  vi.useFakeTimers();
  try {
    const bucket = new TokenBucket(10);
    const taken = (): number => Array.from({ length: 30 }, () => bucket.take()).filter(Boolean).length;
    expect(taken()).toBe(10);
    vi.advanceTimersByTime(500);
    expect(taken()).toBe(5);
    expect(bucket.takeDropped()).toBe(45);
    expect(bucket.takeDropped()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
