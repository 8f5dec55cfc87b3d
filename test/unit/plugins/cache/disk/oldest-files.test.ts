import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OldestFiles } from '../../../../../plugins/builtin/cache/disk/oldest-files.ts';

test('of any number of files it gives the oldest ones in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.integer({ min: 1, max: 20 }), (times, most) => {
      const oldest = new OldestFiles(most);
      for (const usedAtMs of times) oldest.add({ name: { shard: '000', file: '' }, bytes: 1, usedAtMs });
      const wanted = times.toSorted((a, b) => a - b).slice(0, most);
      expect(oldest.sorted().map(({ usedAtMs }) => usedAtMs)).toEqual(wanted);
    }),
  );
});
