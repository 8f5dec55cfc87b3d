import { expect, test } from 'vitest';
import { refusedInspection } from '../../../core/layer4/inspection.ts';

const asked = { kind: 'inspect', bytes: 100, timeoutMs: null } as const;

test.each([
  [{ bytes: 0, isAll: false, maxBytes: 100 }, null],
  [{ bytes: 99, isAll: false, maxBytes: 100 }, null],
  [
    { bytes: 0, isAll: false, maxBytes: 99 },
    "the rule asks for 100 bytes, more than the listener's limits.inspect of 99B",
  ],
  [
    { bytes: 7, isAll: true, maxBytes: 100 },
    'the rule asks for 100 bytes, of which it has seen all that came: 7',
  ],
  [{ bytes: 100, isAll: false, maxBytes: 200 }, 'the rule asks for 100 bytes, and has seen 100 already'],
])('with %j', (seen, reason) => {
  expect(refusedInspection(asked, seen)).toBe(reason);
});
