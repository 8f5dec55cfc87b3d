import { z } from 'zod';
import * as field from './fields.ts';
import { httpListener } from './http-listener-schema.ts';
import { tcpListener, udpListener } from './layer4-schema.ts';

export const protocols = field.choice(['http', 'https', 'tcp', 'tls', 'udp']);

/** An entry of `listeners`: `protocol` says of which kind. */
export const listener = z.discriminatedUnion('protocol', [httpListener, tcpListener, udpListener], {
  error: (issue) =>
    issue.code === 'invalid_union' ? unknownProtocol(issue.input) : field.wants('an object')(issue),
});

function unknownProtocol(input: unknown): string {
  const found: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, 'protocol') : input;
  return protocols.safeParse(found).error?.issues[0]?.message ?? 'expected a protocol';
}

export type ListenerFile = z.output<typeof listener>;
