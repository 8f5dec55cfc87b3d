import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readWithNode, type RequestReading } from '../../support/node-http-parser.ts';
import { mutate, mutations, validRequest } from './arbitrary-messages.ts';
import { nastyRequests } from './nasty-requests.ts';
import { nodeDifferences } from './node-differences.ts';
import { readWithTidegate } from './read-request.ts';

const SEED = 0x71de;
const MUTANTS = 2000;

const mutant = fc
  .tuple(
    fc.oneof(
      validRequest(fc.constantFrom('GET', 'POST', 'OPTIONS')).map(({ wire }) => wire),
      fc.constantFrom(...nastyRequests),
    ),
    mutations,
  )
  .map(([wire, changes]) => `${mutate(wire, changes)}\r\n\r\n`);

interface Disagreement {
  readonly text: string;
  readonly ours: RequestReading;
  readonly node: RequestReading;
}

async function disagreements(texts: readonly string[]): Promise<Disagreement[]> {
  const found: Disagreement[] = [];
  for (const text of texts) {
    const bytes = Buffer.from(text, 'latin1');
    const ours = readWithTidegate(bytes);
    const node = await readWithNode(bytes);
    // Refused and not yet refused are the same to a backend.
    const same =
      ours.kind === 'accepted' || node.kind === 'accepted'
        ? JSON.stringify(ours) === JSON.stringify(node)
        : true;
    if (!same) found.push({ text, ours, node });
  }
  return found;
}

function reasons({ text, ours, node }: Disagreement): string[] {
  return nodeDifferences
    .filter((difference) => difference.explains(text, ours, node))
    .map(({ name }) => name);
}

let all: Disagreement[];
beforeAll(async () => {
  all = await disagreements([...nastyRequests, ...fc.sample(mutant, { seed: SEED, numRuns: MUTANTS })]);
});

describe("against Node's own parser", () => {
  test('every difference is explained', () => {
    expect(all.filter((disagreement) => reasons(disagreement).length === 0)).toEqual([]);
  });

  test('every explanation is needed', () => {
    const used = new Set(all.flatMap(reasons));
    expect(nodeDifferences.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  test('the two agree on valid requests, but for the chunk extensions', async () => {
    const valid = fc.sample(validRequest(fc.constantFrom('GET', 'POST')), { seed: SEED, numRuns: 300 });
    const differing = (await disagreements(valid.map(({ wire }) => wire))).flatMap(reasons);
    expect([...new Set(differing)].sort()).toEqual(['chunk extensions', 'tab behind chunked']);
  });
});
