import { describe, expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

describe('what is wrong with limits and queues is named', () => {
  test.each<[object, string]>([
    [{ maxConnections: 0 }, 'maxConnections: expected an integer from 1 to 1000000, found 0'],
    [
      { maxConnections: 'all' },
      'maxConnections: expected an integer from 1 to 1000000, or "none", found "all"',
    ],
    [{ queue: { length: -1 } }, 'queue.length: expected an integer from 0 to 1000000, found -1'],
    [{ queue: { timeout: 5 } }, 'queue.timeout: expected a duration like "5s", found 5'],
    [{ queue: false }, 'queue: expected an object, found false'],
    [
      { backends: [{ address: '127.0.0.1:1', maxConnections: 'none' }] },
      'backends[0].maxConnections: expected an integer from 1 to 1000000, found "none"',
    ],
  ])('%o', (upstream, finding) => {
    expect(findingsIn(contentWith({ upstream }))).toEqual([`upstreams.site.${finding}`]);
  });
});
