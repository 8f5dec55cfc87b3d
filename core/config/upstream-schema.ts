import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { healthCheck, passiveHealth } from './health-schema.ts';
import { plugins } from './plugin-schema.ts';
import { circuitBreaker, retries } from './retry-schema.ts';
import { scheduler } from './scheduler-schema.ts';
import { sticky } from './sticky-schema.ts';
import { tlsPolicy, tlsVersion } from './tls-policy-schema.ts';

/** The part of the config schema that describes an upstream. */

const backend = field.object({
  address: field
    .connectAddress()
    .optional()
    .describe('`10.0.0.1:8080`, `[fd00::1]:8080`, `api.internal:9000` or `unix:/path`.'),
  upstream: field.name
    .optional()
    .describe(
      'In the place of `address`: another upstream, which picks among its own backends, by its own settings.',
    ),
  weight: field
    .integer(0, 65_535)
    .optional()
    .describe(
      `Its share of the requests; 0 takes no new one. With \`round-robin\` no other weight counts. Without it: ${DEFAULTS.weight}, or that of the backend in \`backupFor\`.`,
    ),
  state: field
    .choice(['ready', 'drain', 'maintenance'])
    .prefault(DEFAULTS.state)
    .describe(
      '`drain`: no new request but those of sticky clients. `maintenance`: none at all, and its WebSockets are closed.',
    ),
  priority: field
    .integer(0, 1000)
    .prefault(DEFAULTS.priority)
    .describe('Its group: 0 is used first, the next one where fewer than `minAvailable` are available.'),
  maxConnections: field
    .integer(1, 1_000_000)
    .optional()
    .describe('Requests and WebSockets at a time, instead of the `maxConnections` of the upstream.'),
  backup: field.flag.prefault(false).describe('It is in the last group of all.'),
  backupFor: field
    .text('the address of another backend')
    .optional()
    .describe(
      'The `address` of another backend of this upstream, in whose place it takes requests while that one takes none. It is not health-checked.',
    ),
});

export const upstreamTls = field.object({
  ca: field.path
    .optional()
    .describe('PEM file of the certificates to trust. Without it: those that Node trusts.'),
  verify: field.flag
    .prefault(DEFAULTS.upstreamTls.verify)
    .describe('Whether a backend has to prove its name. Without that anybody in between can pose as it.'),
  serverName: field
    .text('a host name')
    .optional()
    .describe("The name to ask for (SNI) and to be proved. Without it: the host of the backend's address."),
  cert: field.path.optional().describe('PEM file of a certificate to show to backends that ask for one.'),
  key: field.path.optional().describe('PEM file of its key.'),
  policy: tlsPolicy
    .optional()
    .describe(
      "As for listeners: versions, cipher suites and groups. Without it: all of Node's from `minVersion` on.",
    ),
  minVersion: tlsVersion
    .optional()
    .describe('The oldest version that is spoken where there is no `policy`. Without it: `TLSv1.2`.'),
});

export const upstream = field.object({
  scheduler: scheduler
    .prefault(DEFAULTS.scheduler)
    .describe('How the backend for a request is picked: its name, or an object with its settings.'),
  backends: field
    .list(backend)
    .min(1, { error: 'expected at least one backend, found none' })
    .describe('The addresses that serve it.'),
  minAvailable: field
    .integer(1, 65_535)
    .prefault(DEFAULTS.minAvailable)
    .describe(
      'With fewer backends available in the groups in use, the next one by `priority` is used besides.',
    ),
  slowStart: field
    .duration()
    .optional()
    .describe(
      'How long the share of a backend grows, from a tenth to all of its `weight`, when it joins or comes back. Without it: it has all of it at once. Not with `round-robin`, which goes by no weights.',
    ),
  maxConnections: field
    .integerOrNone(1, 1_000_000)
    .prefault(DEFAULTS.maxConnections)
    .describe(
      'Requests and WebSockets at a time at one backend, of which each worker gets an equal share. Others wait.',
    ),
  queue: field
    .object({
      length: field
        .integer(0, 1_000_000)
        .prefault(DEFAULTS.queue.length)
        .describe('How many may wait in one worker; more are answered with 503.'),
      timeout: field
        .duration()
        .prefault(DEFAULTS.queue.timeout)
        .describe('How long one may wait; then it is answered with 503.'),
    })
    .prefault({})
    .describe('For requests that find all backends at `maxConnections`.'),
  sticky: sticky
    .optional()
    .describe('Clients come back to the backend that served them first. Without it: they do not.'),
  resolveInterval: field
    .duration(1000)
    .optional()
    .describe(
      'How often host names of `backends` are resolved again; at least 1s. Without it: as long as the answer lives (its TTL), from 1s to 5m.',
    ),
  protocol: field
    .choice(['http1', 'h2', 'h2c', 'auto'])
    .prefault(DEFAULTS.upstreamProtocol)
    .describe(
      'What is spoken to backends: HTTP/1.1; HTTP/2 over TLS; HTTP/2 without TLS (prior knowledge); or, over TLS, what the backend chooses of both.',
    ),
  port: field
    .choice(['backend', 'listener'])
    .prefault(DEFAULTS.upstreamPort)
    .describe(
      "The port that is connected to: the backend's own, or the one that the client connected to (for listeners of tcp, tls and udp with a range of ports). Health checks go to the backend's own.",
    ),
  tls: z
    .union([field.flag, upstreamTls], {
      error: field.wants('true, false, or an object with `ca`, `serverName` and so on'),
    })
    .prefault(false)
    .describe('TLS to the backends: `true`, or an object with its settings.'),
  timeouts: field
    .object({
      connect: field
        .duration()
        .prefault(DEFAULTS.upstreamTimeouts.connect)
        .describe('To connect, TLS handshake included.'),
      response: field
        .duration()
        .prefault(DEFAULTS.upstreamTimeouts.response)
        .describe("To the answer's head, and between two pieces of it."),
      idle: field
        .duration()
        .prefault(DEFAULTS.upstreamTimeouts.idle)
        .describe('How long a pooled connection is kept unused.'),
    })
    .prefault({})
    .describe('How long a backend may take.'),
  limits: field
    .object({
      head: field
        .size()
        .prefault(DEFAULTS.upstreamLimits.head)
        .describe('The head of an answer, start line included.'),
      headers: field
        .integer(1, 10_000)
        .prefault(DEFAULTS.upstreamLimits.headers)
        .describe('Header lines of an answer.'),
    })
    .prefault({})
    .describe('How much a backend may send ahead of a body.'),
  healthCheck: z
    .union([z.literal(false), healthCheck], {
      error: field.wants('false, or an object with `type`, `interval` and so on'),
    })
    .optional()
    .describe(
      'How backends are probed, or `false`. Without it: `{ type: tcp }`; `{ type: udp }` where only UDP listeners have the upstream.',
    ),
  passiveHealth: z
    .union([z.literal(false), passiveHealth], {
      error: field.wants('false, or an object with `failures`, `ejection` and so on'),
    })
    .optional()
    .describe(
      'When a backend is left out because of what happens to requests, or `false`. Without it: `{}`.',
    ),
  retries: retries.prefault({}).describe('When another backend is tried.'),
  circuitBreaker: z
    .union([z.literal(false), circuitBreaker], {
      error: field.wants('false, or an object with `failures`, `openFor` and so on'),
    })
    .prefault(false)
    .describe('Keep all requests from a backend that fails, for a time, or `false`.'),
  fallback: field.name
    .optional()
    .describe(
      'The upstream that a request goes to when no backend of this one takes requests, or all attempts have failed.',
    ),
  connections: field
    .object({
      max: field
        .integerOrNone(1, 1_000_000)
        .prefault(DEFAULTS.connections.max)
        .describe('To one backend from one worker, in use and idle.'),
      maxIdle: field
        .integer(0, 1_000_000)
        .prefault(DEFAULTS.connections.maxIdle)
        .describe('Kept idle to one backend by one worker.'),
      streams: field
        .integer(1, 10_000)
        .prefault(DEFAULTS.connections.streams)
        .describe('Requests at a time on one HTTP/2 connection; a backend may allow fewer.'),
      warmUp: field
        .integer(0, 1000)
        .prefault(DEFAULTS.connections.warmUp)
        .describe(
          'So many are opened, and kept open, to each backend that takes requests, ahead of any request.',
        ),
      maxAge: field
        .durationOrNone()
        .prefault(DEFAULTS.connections.maxAge)
        .describe('A connection that is older takes no more requests.'),
      maxRequests: field
        .integerOrNone(1, 1_000_000_000)
        .prefault(DEFAULTS.connections.maxRequests)
        .describe('A connection that has carried so many takes no more.'),
    })
    .prefault({})
    .describe('The connection pool.'),
  proxyProtocol: field
    .choice(['v1', 'v2'])
    .optional()
    .describe(
      'Connections to backends begin with a PROXY protocol header that names the client. Each is for one request then.',
    ),
  plugins,
});

export type UpstreamFile = z.output<typeof upstream>;
