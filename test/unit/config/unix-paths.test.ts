import { expect, test } from 'vitest';
import { draftOf } from '../../../core/config/draft.ts';
import { pathText } from '../../../core/config/finding.ts';
import { unixPathFindings } from '../../../core/config/unix-path-checks.ts';
import { contentWith } from '../../support/config-findings.ts';

const folder = `/${'f'.repeat(99)}`;

function findings(address: string): string[] {
  const content = contentWith({
    listener: { address },
    upstream: { backends: [{ address: '127.0.0.1:1' }, { address }] },
    top: { admin: { address } },
  });
  return unixPathFindings(draftOf(content), folder).map(
    ({ path, message }) => `${pathText(path)}: ${message}`,
  );
}

test('Unix sockets whose whole path has more than 107 bytes, wherever an address stands', () => {
  expect(findings('unix:./123456')).toEqual([]);
  const problem = `expected a path of at most 107 bytes, found 108: ${folder}/1234567`;
  expect(findings('unix:1234567')).toEqual([
    `listeners[0].address: ${problem}`,
    `upstreams.site.backends[1].address: ${problem}`,
    `admin.address: ${problem}`,
  ]);
  expect(findings('unix:éééé')).toHaveLength(3);
  expect(findings(`unix:/${'a'.repeat(106)}`)).toEqual([]);
});
