import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Bench, Section } from '../bench.ts';
import { renewalClient, seenTogether } from '../load/seen-handshakes.ts';
import { missingForPebble, startPebble, type PebbleCa } from '../peers/pebble.ts';
import { tidegateCommand } from '../peers/tidegate.ts';
import type { Child, Command } from '../process/children.ts';
import { median } from '../process/median.ts';
import { waitUntilAnswering } from '../process/wait-until-answering.ts';

const CLIENTS = 2;
const AT_A_TIME = 8;
const WANTED_PER_SECOND = 500;
const NAME = 'example.test';

interface Round {
  readonly perSecond: number;
  readonly failed: number;
  /** From the line in the log to the last handshake that began and showed the certificate of before. */
  readonly lateMs: number;
}

/** Whether a handshake fails while a certificate is renewed, and how soon every worker has the new one. */
export async function measureRenewal(bench: Bench): Promise<Section> {
  const missing = missingForPebble();
  if (missing !== null) throw new Error(`a renewal is measured with ${missing}`);
  const folder = path.join(bench.folder, 'renewal');
  await mkdir(folder, { recursive: true });
  const ca = await startPebble(bench.children, folder, bench.cores.load);
  const command = await tidegateCommand(folder, configOf(bench, ca));
  const tidegate = await bench.children.start(onAllCores(bench, command), null);
  await waitUntilAnswering(tidegate, ca.tlsPort, 'Tidegate', 'https');
  await untilIssued(ca.tlsPort);
  const rounds: Round[] = [];
  for (let round = 1; round <= bench.options.rounds; round++) {
    const measured = await measureRound(bench, command, tidegate, ca.tlsPort);
    rounds.push(measured);
    const { perSecond, failed, lateMs } = measured;
    bench.progress(`round ${round}: ${perSecond.toFixed(0)}/s, ${failed} failed, ${lateMs} ms`);
  }
  await tidegate.stop();
  for (const child of ca.children) await child.stop();
  const perSecond = median(rounds.map((round) => round.perSecond));
  return {
    title: 'A renewal under load',
    method: `Full handshakes by ${CLIENTS} processes, ${AT_A_TIME} at a time each, to two workers; meanwhile \`tidegate certs renew\` has a new certificate from Pebble. Nothing is pinned.`,
    table: {
      head: ['round', 'handshakes/s', 'failed', 'last old certificate after the renewal, ms'],
      rows: rounds.map((round, index) => [
        String(index + 1),
        round.perSecond.toFixed(0),
        String(round.failed),
        String(round.lateMs),
      ]),
    },
    bars: [
      {
        what: 'failed handshakes',
        measured: rounds.reduce((sum, { failed }) => sum + failed, 0),
        most: 0,
        unit: '',
      },
      {
        what: 'the last old certificate after a renewal',
        measured: Math.max(...rounds.map(({ lateMs }) => lateMs)),
        most: 1000,
        unit: 'ms',
      },
      {
        what: `${WANTED_PER_SECOND} handshakes/s, of those that there were (median)`,
        measured: WANTED_PER_SECOND / perSecond,
        most: 1,
        unit: '×',
      },
    ],
    notes: [],
  };
}

async function measureRound(bench: Bench, run: Command, tidegate: Child, port: number): Promise<Round> {
  const client = {
    program: process.execPath,
    args: [renewalClient, String(port), NAME, String(AT_A_TIME)],
  };
  const clients: Child[] = [];
  for (let at = 0; at < CLIENTS; at++)
    clients.push(await bench.children.start(onAllCores(bench, client), null));
  await delay(bench.options.seconds * 1000);
  const [cli = '', , ...config] = run.args;
  const renew = { program: run.program, args: [cli, 'certs', 'renew', NAME, '--force', ...config] };
  await (await bench.children.start(renew, bench.cores.load)).finish(60);
  const renewedAt = lastObtained(tidegate.output);
  await delay(2000);
  for (const each of clients) each.signal('SIGTERM');
  for (const each of clients) await each.finish(30);
  const { certificates, errors, perSecond } = seenTogether(clients.map(({ output }) => output));
  const [old, , ...others] = certificates;
  if (old === undefined || certificates.length !== 2)
    throw new Error(`expected two certificates, found ${2 + others.length}`);
  return {
    perSecond,
    failed: Object.values(errors).reduce((sum, count) => sum + count, 0),
    lateMs: old.lastAt - renewedAt,
  };
}

function configOf({ backendPort }: Bench, ca: PebbleCa): unknown {
  return {
    workers: 2,
    listeners: [
      { name: 'plain', address: `127.0.0.1:${ca.httpPort}`, redirectToHttps: true },
      { name: 'web', protocol: 'https', address: `127.0.0.1:${ca.tlsPort}`, upstream: 'site' },
    ],
    upstreams: { site: { backends: [{ address: `127.0.0.1:${backendPort}` }] } },
    certificates: { acme: { directory: ca.directory, caFile: ca.caFile, domains: [NAME] } },
  };
}

/** The bench keeps to one core, and what it starts would so too. */
function onAllCores({ cores }: Bench, { program, args }: Command): Command {
  if (cores.proxy === null || cores.load === null) return { program, args };
  return { program: 'taskset', args: ['-c', `${cores.proxy},${cores.load}`, program, ...args] };
}

async function untilIssued(port: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await issuerOf(port)).startsWith('Pebble')) {
    if (performance.now() > deadline) throw new Error('the CA gave no certificate within 30 s');
    await delay(50);
  }
}

function issuerOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: NAME, rejectUnauthorized: false });
    socket.once('error', reject).once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().issuer.CN));
      socket.destroy();
    });
  });
}

/** When the newest certificate was obtained, by the log. */
function lastObtained(output: string): number {
  const line = output.split('\n').findLast((each) => each.includes('"certificate obtained"'));
  const time = /"time":"([^"]+)"/.exec(line ?? '')?.[1];
  if (time === undefined) throw new Error(`the log has no renewal:\n${output}`);
  return Date.parse(time);
}
