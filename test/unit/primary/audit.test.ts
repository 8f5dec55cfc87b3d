import { expect, test } from 'vitest';
import { auditUpstream } from '../../../core/primary/audit.ts';
import type { BackendStatus, WorkerStatus } from '../../../core/ipc/messages.ts';
import type { SchedulerName } from '../../../core/shared/config-types.ts';
import { upstreamConfig } from '../upstreams/support.ts';

const WINDOW = 600_000;

interface Row extends Partial<Omit<BackendStatus, 'traffic'>> {
  readonly scheduler: number;
  readonly session?: number;
  readonly other?: number;
  readonly takesRequestsForMs?: number | null;
}

function worker(rows: readonly Row[]): WorkerStatus {
  const backends = rows.map(
    (
      { scheduler, session = 0, other = 0, takesRequestsForMs = 10 * WINDOW, ...changes },
      i,
    ): BackendStatus => ({
      address: `b${i}`,
      row: `b${i}`,
      weight: 1,
      slowStartShare: 1,
      priority: 0,
      state: 'ready',
      isCandidate: true,
      health: 'up',
      reportedState: 'ready',
      ejection: null,
      circuit: null,
      inFlight: 0,
      requests: 0,
      errors: 0,
      connections: { active: 0, idle: 0 },
      traffic: { scheduler, session, other, takesRequestsForMs },
      latency: [],
      ...changes,
    }),
  );
  return {
    pid: 1,
    snapshotVersion: 1,
    uptimeMs: 1,
    rssBytes: 1,
    listeners: [],
    upstreams: [
      { name: 'site', backends, queue: null, retries: 0, retriesRefused: 0, hedges: 0, fallbacks: 0 },
    ],
    rules: [],
    shadows: [],
    plugins: [],
  };
}

function audit(scheduler: SchedulerName, ...workers: readonly (readonly Row[])[]) {
  return auditUpstream(upstreamConfig('site', [1, 1], scheduler), WINDOW, workers.map(worker));
}

test.each<[string, SchedulerName, readonly Row[], string, RegExp]>([
  ['turns', 'round-robin', [{ scheduler: 500 }, { scheduler: 500 }], 'even', /chi-squared 0\.0/],
  [
    'turns, whatever the weights',
    'round-robin',
    [{ scheduler: 500, weight: 9 }, { scheduler: 500 }],
    'even',
    /./,
  ],
  ['weights', 'weighted-round-robin', [{ scheduler: 900, weight: 9 }, { scheduler: 100 }], 'even', /./],
  ['what chance does', 'random', [{ scheduler: 48 }, { scheduler: 62 }], 'even', /by chance up to 11\.\d/],
  [
    'a little off with many requests',
    'least-connections',
    [{ scheduler: 110_000 }, { scheduler: 90_000 }],
    'even',
    /10\.0 % off/,
  ],
  ['one backend', 'round-robin', [{ scheduler: 10 }], 'even', /./],
  [
    'no reason',
    'random',
    [{ scheduler: 700 }, { scheduler: 300 }],
    'uneven',
    /weights or backends were others/,
  ],
  [
    'few requests under way',
    'least-connections',
    [{ scheduler: 600, weight: 3 }, { scheduler: 400 }],
    'uneven',
    /an idle backend comes first whatever its weight/,
  ],
  ['keys', 'maglev', [{ scheduler: 900 }, { scheduler: 100 }], 'uneven', /some keys are asked for more/],
  [
    'sticky clients',
    'least-connections',
    [{ scheduler: 10, session: 900 }, { scheduler: 90 }],
    'uneven',
    /most requests are sticky/,
  ],
  [
    'drain',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 300, isCandidate: false, state: 'drain' }],
    'uneven',
    /b1: drain/,
  ],
  [
    'down',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 300, isCandidate: false, health: 'down' }],
    'uneven',
    /b1: down/,
  ],
  [
    'weight 0',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 3, isCandidate: false, weight: 0 }],
    'uneven',
    /b1: weight 0/,
  ],
  [
    'an ejection',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 30, isCandidate: false, ejection: { until: 1, reason: 'x' } }],
    'uneven',
    /b1: left out/,
  ],
  [
    'a circuit that is open',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 30, isCandidate: false, circuit: 'open' }],
    'uneven',
    /b1: its circuit is open/,
  ],
  [
    'slow start',
    'weighted',
    [{ scheduler: 500 }, { scheduler: 100, slowStartShare: 0.5 }],
    'uneven',
    /b1: slow start at 50 %/,
  ],
  [
    'a slow start that goes as it should',
    'weighted',
    [{ scheduler: 500 }, { scheduler: 250, slowStartShare: 0.5 }],
    'even',
    /chi-squared 0\.0/,
  ],
  [
    'a late comer',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 100, takesRequestsForMs: 60_000 }],
    'uneven',
    /b1: takes requests for 60 s only/,
  ],
  [
    'a reserve that is none',
    'round-robin',
    [{ scheduler: 500 }, { scheduler: 0, isCandidate: false }],
    'even',
    /./,
  ],
  ['few requests', 'round-robin', [{ scheduler: 4 }, { scheduler: 2 }], 'unknown', /too few/],
  ['latency', 'fastest', [{ scheduler: 4 }, { scheduler: 200 }], 'unknown', /does not go by the weights/],
  ['nobody', 'round-robin', [{ scheduler: 4, isCandidate: false }], 'unknown', /no backend takes requests/],
])('%s', (_what, scheduler, rows, verdict, reason) => {
  const found = audit(scheduler, rows);
  expect([found.verdict, found.reason]).toEqual([verdict, expect.stringMatching(reason)]);
});

test('workers are added up, and what is left out does not count', () => {
  const { rows, verdict } = audit(
    'weighted-round-robin',
    [
      { scheduler: 300, weight: 3, session: 7 },
      { scheduler: 100, other: 50 },
    ],
    [
      { scheduler: 300, weight: 3, session: 900 },
      { scheduler: 100, other: 50 },
    ],
  );
  expect(verdict).toBe('even');
  expect(rows).toEqual([
    { address: 'b0', requests: 600, sticky: 907, other: 0, expected: 600, causes: [] },
    { address: 'b1', requests: 200, sticky: 0, other: 100, expected: 200, causes: [] },
  ]);
});
