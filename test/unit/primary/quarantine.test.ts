import { describe, expect, test } from 'vitest';

import { Quarantine } from '../../../core/primary/quarantine.ts';
import type { RuleBundle } from '../../../core/shared/config-types.ts';

function bundle(id: string, options: Partial<RuleBundle> = {}): RuleBundle {
  return {
    id,
    script: '/rules/site.ts',
    timeLimitMs: 10,
    memoryLimitBytes: 1,
    onError: 'deny',
    shadow: null,
    code: '',
    sourceMap: '',
    inputs: [],
    ...options,
  };
}

/** A quarantine in which these versions have served, the last one of them now. */
function served(...versions: RuleBundle[]): Quarantine {
  const quarantine = new Quarantine();
  for (const version of versions) quarantine.serving([version], new Set([version.id]));
  return quarantine;
}

function kill(quarantine: Quarantine, id: string): void {
  quarantine.death(id, 'SIGKILL', 0);
  quarantine.death(id, 'SIGKILL', 0);
}

describe('when a script is quarantined', () => {
  test('at the fifth fault within a minute', () => {
    const quarantine = served(bundle('a'));
    for (const at of [0, 10_000, 20_000, 30_000]) expect(quarantine.fault('a', 'time', at)).toBeNull();
    expect(quarantine.fault('a', 'time', 59_999)).toMatchObject({
      ruleId: 'a',
      file: '/rules/site.ts',
      at: 59_999,
    });
  });

  test('not by five faults in more than a minute', () => {
    const quarantine = served(bundle('a'));
    for (const at of [0, 15_000, 30_000, 45_000, 60_000, 75_000, 90_000])
      expect(quarantine.fault('a', 'time', at)).toBeNull();
  });

  test('at the second worker that died of it', () => {
    const quarantine = served(bundle('a'));
    expect(quarantine.death('a', 'SIGKILL', 1)).toBeNull();
    expect(quarantine.death('a', 'SIGTRAP', 2)).toMatchObject({
      ruleId: 'a',
      reason: expect.stringContaining('SIGTRAP'),
    });
  });

  test('only once', () => {
    const quarantine = served(bundle('a'));
    kill(quarantine, 'a');
    expect(quarantine.death('a', 'SIGKILL', 3)).toBeNull();
    expect(quarantine.entries()).toHaveLength(1);
  });

  test('not for a script that nobody knows', () => {
    const quarantine = served(bundle('a'));
    kill(quarantine, 'other');
    expect(quarantine.entries()).toEqual([]);
  });
});

describe('what serves in its place', () => {
  const [a, b, c] = [bundle('a'), bundle('b'), bundle('c')];

  test('the script itself while it is fit', () => {
    expect(served(a).standFor(a, new Set(['a']))).toEqual({ kind: 'bundle', bundle: a });
  });

  test('its newest earlier version', () => {
    const quarantine = served(a, b, c);
    kill(quarantine, 'c');
    expect(quarantine.standFor(c, new Set(['c']))).toEqual({ kind: 'bundle', bundle: b });
  });

  test('an older one when that is in quarantine too', () => {
    const quarantine = served(a, b, c);
    kill(quarantine, 'c');
    quarantine.serving([b], new Set(['c']));
    kill(quarantine, 'b');
    expect(quarantine.standFor(c, new Set(['c']))).toEqual({ kind: 'bundle', bundle: a });
  });

  test('no version of another script', () => {
    const other = bundle('x', { script: '/rules/other.ts' });
    const quarantine = served(other, a);
    kill(quarantine, 'a');
    expect(quarantine.standFor(a, new Set(['a']))).toEqual({ kind: 'deny' });
  });

  test('not the same code with the settings of another listener', () => {
    const quarantine = new Quarantine();
    quarantine.serving([a, b], new Set(['a', 'b']));
    kill(quarantine, 'a');
    expect(quarantine.standFor(a, new Set(['a', 'b']))).toEqual({ kind: 'deny' });
  });

  test("without an earlier version, no script at all under onError 'next'", () => {
    const lenient = bundle('a', { onError: 'next' });
    const quarantine = served(lenient);
    kill(quarantine, 'a');
    expect(quarantine.standFor(lenient, new Set(['a']))).toEqual({ kind: 'none' });
  });

  test('a changed script is fit again', () => {
    const quarantine = served(a);
    kill(quarantine, 'a');
    expect(quarantine.standFor(b, new Set(['b']))).toEqual({ kind: 'bundle', bundle: b });
  });
});

test('a script that the config asks for stays in quarantine however many versions have served since', () => {
  const quarantine = served(bundle('bad'));
  kill(quarantine, 'bad');
  for (let version = 0; version < 20; version++)
    quarantine.serving([bundle(`v${version}`)], new Set(['bad']));
  expect(quarantine.entries()).toHaveLength(1);
  quarantine.serving([bundle('v20')], new Set(['v20']));
  expect(quarantine.entries()).toEqual([]);
});

describe('a script that is only tried', () => {
  const tried = bundle('tried', { shadow: { budgetMs: 100 } });

  test('is put into quarantine as any other', () => {
    const quarantine = served(bundle('a'));
    quarantine.serving([bundle('a'), tried], new Set(['a', 'tried']));
    kill(quarantine, 'tried');
    expect(quarantine.has('tried')).toBe(true);
    // Also when it does not run any more, for as long as it is asked for.
    quarantine.serving([bundle('a')], new Set(['a', 'tried']));
    expect(quarantine.has('tried')).toBe(true);
    quarantine.serving([bundle('a')], new Set(['a']));
    expect(quarantine.has('tried')).toBe(false);
  });

  test('attack: has no second worker to kill: nobody would miss it', () => {
    const quarantine = served(bundle('a'));
    quarantine.serving([bundle('a'), tried], new Set(['a', 'tried']));
    expect(quarantine.death('tried', 'SIGKILL', 1)).toMatchObject({ ruleId: 'tried' });
    expect(quarantine.death('a', 'SIGKILL', 2)).toBeNull();
  });

  test('has not served, and stands in for none', () => {
    const quarantine = served(tried, bundle('a', { onError: 'next' }));
    kill(quarantine, 'a');
    expect(quarantine.standFor(bundle('a', { onError: 'next' }), new Set(['a']))).toEqual({ kind: 'none' });
  });
});
