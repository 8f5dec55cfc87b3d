import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

import { onTestFinished } from 'vitest';
import { listenForTest } from './listen.ts';

/** What the server says of a name. A family that is left out has no records (NODATA). */
export interface Zone {
  readonly a?: readonly string[];
  /** As eight groups of hex digits. */
  readonly aaaa?: readonly string[];
  readonly ttl?: number;
  /** 'silent': no answer at all. To all questions, or to those of one family. */
  readonly fails?: 'silent' | 'servfail' | 'refused';
  readonly failsOnly?: 'a' | 'aaaa';
}

export interface DnsServer {
  readonly port: number;
  /** By name; a name that is not here does not exist (NXDOMAIN). May be changed at any time. */
  readonly zones: Map<string, Zone>;
  /** How many questions for the addresses of one family came: `name A`, `name AAAA`. */
  readonly asked: Map<string, number>;
}

const families = { 1: 'a', 28: 'aaaa' } as const;
const rcodes = { servfail: 2, nxdomain: 3, refused: 5 } as const;

/** A DNS server on UDP and TCP at one port of 127.0.0.1, until the test has finished. */
export async function startDnsServer(zones: Readonly<Record<string, Zone>>): Promise<DnsServer> {
  const server = { port: 0, zones: new Map(Object.entries(zones)), asked: new Map<string, number>() };
  const udp = createSocket('udp4', (query, from) => {
    const reply = answer(query, server, 1232);
    if (reply !== null) udp.send(reply, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      const reply = answer(piece.subarray(2), server, 65_535);
      if (reply === null) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    });
  });
  // TCP first: its ports are many tests', UDP's are hardly anybody's.
  server.port = await listenForTest(tcp);
  udp.bind(server.port, '127.0.0.1');
  await once(udp, 'listening');
  onTestFinished(() => void udp.close());
  return server;
}

/** RFC 1035 4.1. */
function answer(query: Buffer, server: Omit<DnsServer, 'port'>, mostBytes: number): Buffer | null {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const name = labels.join('.').toLowerCase();
  const type = query.readUInt16BE(at + 1);
  if (type !== 1 && type !== 28) return null;
  const family = families[type];
  const question = query.subarray(12, at + 5);
  const key = `${name} ${family.toUpperCase()}`;
  server.asked.set(key, (server.asked.get(key) ?? 0) + 1);
  const zone = server.zones.get(name);
  const fails = zone?.failsOnly === undefined || zone.failsOnly === family ? zone?.fails : undefined;
  if (fails === 'silent') return null;
  const rcode = zone === undefined ? rcodes.nxdomain : fails === undefined ? 0 : rcodes[fails];
  const addresses = rcode === 0 ? (zone?.[family] ?? []) : [];
  const records = addresses.map((address) => record(type, address, zone?.ttl ?? 60));
  const whole = Buffer.concat([header(query, rcode, records.length, false), question, ...records]);
  return whole.length <= mostBytes ? whole : Buffer.concat([header(query, rcode, 0, true), question]);
}

function header(query: Buffer, rcode: number, answers: number, isTruncated: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  query.copy(bytes, 0, 0, 2);
  bytes.writeUInt16BE(0x8180 | (isTruncated ? 0x0200 : 0) | rcode, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answers, 6);
  return bytes;
}

function record(type: 1 | 28, address: string, ttl: number): Buffer {
  const data =
    type === 1
      ? Buffer.from(address.split('.').map(Number))
      : Buffer.from(
          address
            .split(':')
            .map((group) => group.padStart(4, '0'))
            .join(''),
          'hex',
        );
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(0xc00c, 0); // the name of the question
  bytes.writeUInt16BE(type, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(ttl, 6);
  bytes.writeUInt16BE(data.length, 10);
  return Buffer.concat([bytes, data]);
}
