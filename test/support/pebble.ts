import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { authority, authorityFile, certificateFiles } from './certificates.ts';
import { portOf } from './listen.ts';
import { poll } from './poll.ts';

export interface PebbleOptions {
  /** Per cent of good nonces that are refused; default: none. */
  readonly rejectedNonces?: number;
  /** Per cent of valid authorizations that a new order gets; default: none. */
  readonly reusedAuthorizations?: number;
  /** MAC keys by key id (RFC 8555 7.3.4), base64url; default: no external account is wanted. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Of certificates; default: five years. */
  readonly validitySeconds?: number;
  /** Seconds that it waits at most before it validates; default: it does at once. */
  readonly slowValidation?: number;
  /** How many other roots it offers chains to. */
  readonly alternateRoots?: number;
  /** Goes into the certificates. */
  readonly ocspResponder?: string;
  /** Where it validates; default: a free port each. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** Where it listens; default: a free port. For one that takes the place of another. */
  readonly port?: number;
  /** `HOST:PORT` of the DNS server that it asks; default: its own, where every name is 127.0.0.1. */
  readonly dnsServer?: string;
}

/** A CA for tests, with validation over loopback: every name is at 127.0.0.1, its DNS server says so. */
export interface Pebble {
  /** URL. */
  readonly directory: string;
  readonly port: number;
  /** PEM file, and its text, of the authority that its own server certificate is from. */
  readonly caFile: string;
  readonly ca: string;
  /** Where it asks for the answers to `http-01` and `tls-alpn-01`. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Of its DNS server, UDP and TCP. */
  readonly dnsPort: number;
  /** URL where its records are changed: `POST …/set-txt`. */
  readonly dnsManagement: string;
  /** Everything that it has logged. */
  readonly log: () => string;
  setCname(name: string, target: string): Promise<void>;
  /** What it says of a certificate; `serial` in hex. */
  certificateStatus(serial: string): Promise<{ readonly status: string; readonly reason: number | null }>;
  /** PEM of the authority that issues. `index`: of the alternatives. */
  root(index?: number): Promise<string>;
  /** As a power failure would: it forgets everything. */
  kill(): Promise<void>;
}

/** Starts it, until the test has finished. */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  // A port that was free may be taken when it is wanted.
  for (let left = 3; ; left--)
    try {
      return await launch(options);
    } catch (error) {
      if (left === 0) throw error;
    }
}

async function launch(options: PebbleOptions): Promise<Pebble> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-pebble-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [dnsPort, dnsManagement, port, management, httpPort, tlsPort] = await freePorts([
    undefined,
    undefined,
    options.port,
    undefined,
    options.httpPort,
    options.tlsPort,
  ]);
  const server = certificateFiles('local');
  const config = join(folder, 'pebble.json');
  await writeFile(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: server.cert,
        privateKey: server.key,
        httpPort,
        tlsPort,
        ocspResponderURL: options.ocspResponder ?? '',
        externalAccountBindingRequired: options.externalAccounts !== undefined,
        externalAccountMACKeys: options.externalAccounts ?? {},
        ...(options.validitySeconds === undefined
          ? {}
          : { certificateValidityPeriod: options.validitySeconds }),
      },
    }),
  );
  const dns = start('pebble-challtestsrv', [
    '-dns01',
    `127.0.0.1:${dnsPort}`,
    '-management',
    `127.0.0.1:${dnsManagement}`,
    '-http01',
    '',
    '-https01',
    '',
    '-tlsalpn01',
    '',
    '-defaultIPv6',
    '',
  ]);
  const pebble = start(
    'pebble',
    ['-config', config, '-dnsserver', options.dnsServer ?? `127.0.0.1:${dnsPort}`],
    {
      PEBBLE_WFE_NONCEREJECT: String(options.rejectedNonces ?? 0),
      PEBBLE_AUTHZREUSE: String(options.reusedAuthorizations ?? 0),
      PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
      ...(options.slowValidation === undefined
        ? { PEBBLE_VA_NOSLEEP: '1' }
        : { PEBBLE_VA_SLEEPTIME: String(options.slowValidation) }),
    },
  );
  const directory = `https://127.0.0.1:${port}/dir`;
  const manage = (path: string): Promise<string> => fetchText(`https://127.0.0.1:${management}${path}`);
  await untilReady(pebble, () => fetchText(directory));
  const setDns = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${dnsManagement}/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`pebble-challtestsrv: ${path}: ${answer.status}`);
  };
  await untilReady(dns, () => setDns('clear-txt', { host: 'ready.test.' }).then(() => true));
  return {
    directory,
    port,
    caFile: authorityFile,
    ca: authority,
    httpPort,
    tlsPort,
    dnsPort,
    dnsManagement: `http://127.0.0.1:${dnsManagement}`,
    log: pebble.output,
    setCname: (name, target) => setDns('set-cname', { host: `${name}.`, target: `${target}.` }),
    certificateStatus: async (serial) => readStatus(await manage(`/cert-status-by-serial/${serial}`)),
    root: (index = 0) => manage(`/roots/${index}`),
    kill: async () => {
      pebble.child.kill('SIGKILL');
      await pebble.ended;
    },
  };
}

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<unknown>;
}

/** Fails at once where it ends instead. */
async function untilReady({ ended, output }: Program, check: () => Promise<unknown>): Promise<void> {
  const ending = ended.then(() => Promise.reject(new Error(`it ended: ${output()}`)));
  ending.catch(() => {});
  await Promise.race([poll(check, 20_000), ending]);
}

function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  // What could not be started is told when nothing answers.
  ended.catch(() => {});
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
  onTestFinished(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output: () => output, ended };
}

type Six<T> = readonly [T, T, T, T, T, T];

/** Taken all at once, so that they differ. Ports that are given stay. */
async function freePorts(given: Six<number | undefined>): Promise<Six<number>> {
  const servers = given.map((port) => (port === undefined ? createServer() : null));
  for (const server of servers)
    if (server !== null) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
  const port = (at: number): number => {
    const server = servers[at];
    return server == null ? (given[at] ?? 0) : portOf(server);
  };
  const ports: Six<number> = [port(0), port(1), port(2), port(3), port(4), port(5)];
  await Promise.all(
    servers.map(async (server) => {
      if (server === null) return;
      server.close();
      await once(server, 'close');
    }),
  );
  return ports;
}

async function fetchText(url: string): Promise<string> {
  const outgoing = get(url, { ca: authority, agent: false });
  const answered: unknown[] = await once(outgoing, 'response');
  const incoming = answered[0];
  if (!(incoming instanceof IncomingMessage)) throw new Error('no answer');
  const body = await text(incoming);
  if (incoming.statusCode !== 200) throw new Error(`${url}: ${incoming.statusCode} ${body}`);
  return body;
}

const certificateStatus = z.looseObject({ Status: z.string(), Reason: z.number().optional() });

function readStatus(body: string): { readonly status: string; readonly reason: number | null } {
  const { Status, Reason = null } = certificateStatus.parse(JSON.parse(body));
  return { status: Status, reason: Reason };
}
