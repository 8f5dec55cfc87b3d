import { expect, test } from 'vitest';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { UdpCrowd } from '../../support/udp-crowd.ts';
import { UdpPeer } from '../../support/udp-peers.ts';

const CLIENTS = 5000;

/** Answers with its name and the port that it was asked from. */
async function startBackends(count: number): Promise<UdpPeer[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const backend = await UdpPeer.open();
      backend.onDatagram = ({ port }) => `b${i} ${port}`;
      return backend;
    }),
  );
}

function config(backends: readonly UdpPeer[], more: { idle: string; workers: number }): string {
  return JSON.stringify({
    listeners: [
      {
        name: 'game',
        protocol: 'udp',
        address: '127.0.0.1:0',
        upstream: 'game',
        timeouts: { idle: more.idle },
      },
    ],
    upstreams: {
      game: {
        backends: backends.map(({ port }, i) => ({ address: `127.0.0.1:${port}`, weight: i + 1 })),
        healthCheck: false,
      },
    },
    workers: more.workers,
  });
}

function namesOf(answers: readonly string[]): string[] {
  return answers.map((answer) => answer.split(' ')[0] ?? '');
}

test('5,000 clients keep their sessions over reloads, and their backends over the death of a worker', async () => {
  const backends = await startBackends(3);
  const tidegate = await runTidegate({
    files: { 'tidegate.config.json': config(backends, { idle: '5m', workers: 2 }) },
    config: 'tidegate.config.json',
    workers: 'real',
  });
  const port = Number(new URL(await tidegate.url('game')).port);
  const crowd = await UdpCrowd.open(CLIENTS);
  const before = await crowd.ask('1', port);
  expect(new Set(namesOf(before))).toEqual(new Set(['b0', 'b1', 'b2']));

  for (const idle of ['6m', '7m', '8m']) {
    const reloaded = tidegate.nextLine('reloaded');
    await tidegate.write('tidegate.config.json', config(backends, { idle, workers: 2 }));
    await reloaded;
    // From the same sockets, too: no session has begun anew.
    expect(await crowd.ask(idle, port)).toEqual(before);
  }

  const [first] = (await statusOf(tidegate)).workers;
  process.kill(first?.pid ?? -1, 'SIGKILL');
  // Each of them asks once: what comes while there is no worker waits for the next one.
  expect(namesOf(await crowd.ask('again', port))).toEqual(namesOf(before));
}, 120_000);

test('clients keep their backends when the number of workers changes', async () => {
  const backends = await startBackends(3);
  const tidegate = await runTidegate({
    files: { 'tidegate.config.json': config(backends, { idle: '5m', workers: 1 }) },
    config: 'tidegate.config.json',
    workers: 'real',
  });
  const port = Number(new URL(await tidegate.url('game')).port);
  const crowd = await UdpCrowd.open(300);
  const before = namesOf(await crowd.ask('1', port));
  for (const workers of [3, 2]) {
    const reloaded = tidegate.nextLine('reloaded');
    await tidegate.write('tidegate.config.json', config(backends, { idle: '5m', workers }));
    await reloaded;
    expect(namesOf(await crowd.ask(`with ${workers}`, port, true))).toEqual(before);
  }
}, 60_000);
