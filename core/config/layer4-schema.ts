import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { bandwidth, httpListener, proxyProtocol, rules } from './http-listener-schema.ts';
import { plugins } from './plugin-schema.ts';
import { serverName } from './server-name.ts';
import { tls } from './tls-schema.ts';

/** The parts of the config schema that describe listeners of TCP, TLS and UDP. */

const alpn = z
  .string({ error: field.wants('a protocol name like "h2"') })
  .regex(/^[\x21-\x7e]{1,255}$/, { error: field.wants('a protocol name like "h2" (RFC 7301)') });

const tcpRoute = field.object({
  serverName: serverName
    .optional()
    .describe('`db.example.com`, or `*.example.com` for every name below. Without it: any name, and none.'),
  alpn: alpn.optional().describe('A protocol that the client offers by ALPN. Without it: any, and none.'),
  upstream: field.name.describe('Where such connections go.'),
});

const drainTimeout = (what: string) =>
  field
    .duration(0)
    .prefault(DEFAULTS.drainTimeout)
    .describe(
      `How long a ${what} may go on when its listener or backend is taken out, or Tidegate stops; \`0s\` ends it at once.`,
    );

const tcpTimeouts = field.object({
  idle: field.duration().prefault(DEFAULTS.tcp.timeouts.idle).describe('Without a byte either way.'),
  halfClosed: field
    .duration()
    .prefault(DEFAULTS.tcp.timeouts.halfClosed)
    .describe('The same once one end has sent its last byte.'),
  inspect: field
    .duration()
    .prefault(DEFAULTS.tcp.timeouts.inspect)
    .describe('For the first bytes, where something is to be known of them.'),
  lifetime: field
    .durationOrNone()
    .prefault(DEFAULTS.tcp.timeouts.lifetime)
    .describe('Of a whole connection, however busy it is.'),
});

const tcpLimits = field.object({
  connections: field
    .integer(1, 10_000_000)
    .prefault(DEFAULTS.tcp.limits.connections)
    .describe('Client connections of the listener, shared out evenly over the workers.'),
  connectionsPerClient: field
    .integerOrNone(1, 10_000_000)
    .prefault(DEFAULTS.tcp.limits.connectionsPerClient)
    .describe('Connections from one client address.'),
  inspect: field
    .size(1, 2 ** 20)
    .prefault(DEFAULTS.tcp.limits.inspect)
    .describe('First bytes that are held until it is known where they go; at most 1MiB.'),
});

export const tcpListener = field.object({
  name: field.name.describe('A name of its own, for logs and status.'),
  protocol: field
    .choice(['tcp', 'tls'])
    .describe('`tls` ends TLS here and needs certificates: in `tls`, or at the top level.'),
  address: field
    .listenAddressRange()
    .describe('As for http, or a range of ports: `10.0.0.1:6000-6010`, at most 1000.'),
  ipv6Only: httpListener.shape.ipv6Only,
  socketMode: httpListener.shape.socketMode,
  tls: tls.optional().describe('Certificates and the terms of TLS; only with `protocol: tls`.'),
  alpn: field
    .list(alpn)
    .prefault([])
    .describe(
      'What is offered to clients by ALPN (RFC 7301), the preferred one first; only with `protocol: tls`.',
    ),
  sni: field.flag
    .prefault(false)
    .describe(
      'The name that a client asks for is read from its ClientHello, which passes on untouched; only with `protocol: tcp`.',
    ),
  rules: rules
    .optional()
    .describe(
      'The rule script, whose `connect` handler is asked: its path, or an object with `script` and its settings.',
    ),
  plugins: plugins.describe(
    'Their `connect` and `tls` hooks are called, no others: each the name of a built-in plugin, the path of a module, an npm package, or an object with `use` and `options`.',
  ),
  routes: field
    .list(tcpRoute)
    .prefault([])
    .describe(
      'Where connections go by the name and protocols that the client asks for; the most specific row wins. With `protocol: tcp` it needs `sni`.',
    ),
  upstream: field.name
    .optional()
    .describe('Where a connection goes that no rule or route placed. Without it: it is reset.'),
  timeouts: tcpTimeouts.prefault({}).describe('How long things may take.'),
  limits: tcpLimits.prefault({}).describe('How much there may be.'),
  drainTimeout: drainTimeout('connection'),
  proxyProtocol: proxyProtocol
    .optional()
    .describe(
      'Every connection begins with a PROXY protocol header, version 1 or 2, which names the client.',
    ),
  bandwidth,
});

export const udpListener = field.object({
  name: field.name.describe('A name of its own, for logs and status.'),
  protocol: field.choice(['udp']).describe('Datagrams.'),
  address: field
    .listenAddressRange()
    .describe(
      '`127.0.0.1:53`, `[::]:53`, `:53` (every interface), or a range of ports: `10.0.0.1:6000-6010`.',
    ),
  ipv6Only: httpListener.shape.ipv6Only,
  rules: rules
    .optional()
    .describe(
      'The rule script, whose `connect` handler is asked: its path, or an object with `script` and its settings.',
    ),
  plugins: plugins.describe(
    'Their `connect` hooks are called for each session, no others: each the name of a built-in plugin, the path of a module, an npm package, or an object with `use` and `options`.',
  ),
  upstream: field.name
    .optional()
    .describe('Where a session goes that no rule placed. Without it: its datagrams are dropped.'),
  timeouts: field
    .object({
      idle: field
        .duration()
        .prefault(DEFAULTS.udp.timeouts.idle)
        .describe('A session over which no datagram comes either way for so long is over.'),
    })
    .prefault({})
    .describe('How long things may take.'),
  limits: field
    .object({
      sessions: field
        .integer(1, 1_000_000)
        .prefault(DEFAULTS.udp.limits.sessions)
        .describe(
          'Sessions of the listener, shared out evenly over the workers; each has a socket of its own. A new one beyond takes the place of the one that has been idle the longest.',
        ),
      sessionsPerClient: field
        .integerOrNone(1, 1_000_000)
        .prefault(DEFAULTS.udp.limits.sessionsPerClient)
        .describe('Sessions of one client address.'),
      queue: field
        .size()
        .prefault(DEFAULTS.udp.limits.queue)
        .describe('Datagrams that one socket holds until the kernel takes them.'),
    })
    .prefault({})
    .describe('How much there may be.'),
  sticky: field.flag
    .prefault(true)
    .describe(
      'The datagrams of a session go to the same backend; `false` has each of them scheduled by itself.',
    ),
  consistent: field.flag
    .prefault(true)
    .describe(
      "The backend of a session follows from the client's address and port, the same in every worker; with `false`, or a scheduler that goes by a key, the upstream's scheduler picks it.",
    ),
  responses: field
    .integerOrNone(1, 1_000_000)
    .prefault('none')
    .describe('So many datagrams of the backend end a session: 1 for DNS.'),
  datagrams: field
    .integerOrNone(1, 1_000_000)
    .prefault('none')
    .describe('After so many datagrams of the client the next one begins a new session.'),
  drainTimeout: drainTimeout('session'),
  bandwidth,
});

export type TcpListenerFile = z.output<typeof tcpListener>;
export type UdpListenerFile = z.output<typeof udpListener>;
