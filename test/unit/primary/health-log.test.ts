import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { defaultHealthFolder, HealthLog, type HealthEvent } from '../../../core/primary/health/health-log.ts';
import { readHealthLog } from '../../../core/primary/health/read-health-log.ts';
import { recordingLog } from '../../support/recording-log.ts';

const down: HealthEvent = {
  upstream: 'site',
  backend: '10.0.0.1:80',
  check: 'tcp',
  event: 'down',
  ok: false,
  health: 'down',
  reason: 'connection refused',
  durationMs: 1.26,
  reportedWeight: null,
};

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-health-log-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

function dayName(daysAgo: number): string {
  return `health-${new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)}.jsonl`;
}

test('writes changes, and checks if asked to', async () => {
  const folder = await makeFolder();
  const healthLog = new HealthLog('/c.yaml', recordingLog().log);
  onTestFinished(() => healthLog.close());
  healthLog.use({ folder, checks: false, keepMs: 259_200_000 });
  healthLog.write(down);
  healthLog.write({ ...down, event: null });
  healthLog.use({ folder, checks: true, keepMs: 259_200_000 });
  healthLog.write({ ...down, event: null, reportedWeight: 5 });
  healthLog.write({ ...down, upstream: 'other' });
  await healthLog.close();
  const { events, left } = await readHealthLog(folder, 'site', 0);
  expect(events).toEqual([
    { time: expect.any(String), upstream: 'site', backend: '10.0.0.1:80', check: 'tcp', event: 'down', ok: false, health: 'down', reason: 'connection refused', durationMs: 1.3 },
    expect.objectContaining({ event: null, reportedWeight: 5 }),
  ]); // prettier-ignore
  expect(left).toBe(0);
});

test('deletes files of days that are past their time, and nothing else', async () => {
  const folder = await makeFolder();
  for (const name of [...[2, 3, 4, 5].map(dayName), 'notes.txt', 'health-x.jsonl'])
    await writeFile(join(folder, name), '');
  const healthLog = new HealthLog('/c.yaml', recordingLog().log);
  onTestFinished(() => healthLog.close());
  healthLog.use({ folder, checks: false, keepMs: 3 * 86_400_000 });
  healthLog.write(down);
  // Of the third day before today some hours may be younger than three days.
  expect((await readdir(folder)).toSorted()).toEqual(
    [...[0, 2, 3].map(dayName), 'notes.txt', 'health-x.jsonl'].toSorted(),
  );
});

test('reads from a time on, across files, and passes over what is no whole line', async () => {
  const folder = await makeFolder();
  const line = (time: string, reason: string): string => JSON.stringify({ ...down, time, reason });
  await writeFile(
    join(folder, 'health-2026-01-01.jsonl'),
    `${line('2026-01-01T10:00:00.000Z', 'a')}\n${line('2026-01-01T23:00:00.000Z', 'b')}\n{"time":"2026-01-01T23`,
  );
  await writeFile(join(folder, 'health-2026-01-02.jsonl'), `${line('2026-01-02T01:00:00.000Z', 'c')}\n`);
  const { events } = await readHealthLog(folder, 'site', Date.parse('2026-01-01T12:00:00Z'));
  expect(events.map(({ reason }) => reason)).toEqual(['b', 'c']);
});

test('gives the last 10,000 lines', async () => {
  const folder = await makeFolder();
  const lines = Array.from({ length: 30_005 }, (_, i) =>
    JSON.stringify({ ...down, time: '2026-01-01T10:00:00.000Z', reason: String(i) }),
  );
  await writeFile(join(folder, 'health-2026-01-01.jsonl'), `${lines.join('\n')}\n`);
  const { events, left } = await readHealthLog(folder, 'site', 0);
  expect([events.length, left, events.at(-1)?.reason]).toEqual([10_000, 20_005, '30004']);
});

test('says once that it cannot write, and goes on', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'file'), '');
  const { log, lines } = recordingLog();
  const healthLog = new HealthLog('/c.yaml', log);
  onTestFinished(() => healthLog.close());
  healthLog.use({ folder: join(folder, 'file/below'), checks: false, keepMs: 259_200_000 });
  healthLog.write(down);
  healthLog.write(down);
  expect(lines.map(({ message }) => message)).toEqual(['no health log can be written']);
});

test('writes again, on the same day, when the folder can be written', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'mount'), '');
  const { log, lines } = recordingLog();
  const healthLog = new HealthLog('/c.yaml', log);
  onTestFinished(() => healthLog.close());
  healthLog.use({ folder: join(folder, 'mount/health'), checks: false, keepMs: 259_200_000 });
  healthLog.write(down);
  await rm(join(folder, 'mount'));
  const now = performance.now();
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(performance, 'now').mockReturnValue(now + 10_000);
  healthLog.write(down);
  await healthLog.close();
  expect((await readHealthLog(join(folder, 'mount/health'), 'site', 0)).events).toHaveLength(1);
  expect(lines).toHaveLength(1);
});

test('a backend that flaps all day does not fill the disk, restarts of the proxy included', async () => {
  const folder = await makeFolder();
  const file = join(folder, dayName(0));
  const most = 256 * 1024 * 1024;
  await writeFile(file, '');
  await truncate(file, most - 500);
  const { log, lines } = recordingLog();
  const healthLog = new HealthLog('/c.yaml', log);
  onTestFinished(() => healthLog.close());
  healthLog.use({ folder, checks: false, keepMs: 259_200_000 });
  for (let i = 0; i < 10; i++) healthLog.write({ ...down, reason: 'ü'.repeat(100) });
  await healthLog.close();
  const { size } = await stat(file);
  expect(size).toBeGreaterThan(most - 500);
  expect(size).toBeLessThanOrEqual(most);
  expect(lines.map(({ message }) => message)).toEqual([
    'the health log of today is full; what follows is not logged',
  ]);
});

test.each([
  [
    { STATE_DIRECTORY: '/var/lib/mine:/x', XDG_STATE_HOME: '/state' },
    /^\/var\/lib\/mine\/health-[0-9a-f]{16}$/,
  ],
  [{ XDG_STATE_HOME: '/state' }, /^\/state\/tidegate\/health-[0-9a-f]{16}$/],
])('where it lies by default: %j', (env, expected) => {
  expect(defaultHealthFolder('/c.yaml', env)).toMatch(expected);
  expect(defaultHealthFolder('/d.yaml', env)).not.toBe(defaultHealthFolder('/c.yaml', env));
});
