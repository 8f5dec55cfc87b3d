import { expect, test } from 'vitest';
import * as bySelfReference from 'tidegate/rules';
import * as byPath from '../../../rules/api.ts';

test('in the repository the entry points of the package are the sources, loaded once', () => {
  expect(bySelfReference.forward).toBe(byPath.forward);
});
