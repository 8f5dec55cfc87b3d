import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import * as field from './fields.ts';
import { http2 } from './http2-schema.ts';
import { hstsSettings, httpsRedirect } from './https-schema.ts';
import { plugins } from './plugin-schema.ts';
import { route } from './route-schema.ts';
import { tls } from './tls-schema.ts';

/** The part of the config schema that describes a listener. */

export const ruleSettings = field.object({
  script: field.path.describe('The rule script, relative to the config file.'),
  timeLimit: field
    .duration()
    .prefault(DEFAULTS.rules.timeLimit)
    .describe('How long one call into the script may take.'),
  memoryLimit: field
    .size(8 * 2 ** 20)
    .prefault(DEFAULTS.rules.memoryLimit)
    .describe("The heap of the script's isolate in each worker; at least 8MiB."),
  onError: field
    .choice(['deny', 'next'])
    .prefault(DEFAULTS.rules.onError)
    .describe(
      'What becomes of a request when the script fails: `deny` answers 500, `next` goes on as if it had decided nothing.',
    ),
});

export const shadowSettings = field.object({
  script: field.path.describe('The rule script to try, relative to the config file.'),
  sample: field
    .number(0.0001, 1)
    .prefault(DEFAULTS.shadow.sample)
    .describe('The share of the requests that it is asked about.'),
  budget: field
    .duration(1, 1000)
    .prefault(DEFAULTS.shadow.budget)
    .describe('How long it may run in each second, in each worker; requests beyond are not asked about.'),
  timeLimit: field
    .duration()
    .prefault(DEFAULTS.rules.timeLimit)
    .describe('How long one call into it may take.'),
  memoryLimit: field
    .size(8 * 2 ** 20)
    .prefault(DEFAULTS.rules.memoryLimit)
    .describe('The heap of its isolate in each worker; at least 8MiB.'),
});

const shadow = z.union([field.path, shadowSettings], {
  error: field.wants('a path like "./rules/next.ts", or an object with `script`'),
});

export const rules = z.union([field.path, ruleSettings], {
  error: field.wants('a path like "./rules/site.ts", or an object with `script`'),
});

const errorPage = z.union(
  [
    field.path,
    field.object({
      html: field.path.optional().describe('The page for clients that accept HTML.'),
      json: field.path.optional().describe('The page for clients that prefer JSON.'),
    }),
  ],
  { error: field.wants('a path like "./404.html", or an object with `html` and `json`') },
);

const listenerTimeouts = field.object({
  header: field
    .duration()
    .prefault(DEFAULTS.listenerTimeouts.header)
    .describe('For a whole request head, from its first byte.'),
  body: field
    .duration()
    .prefault(DEFAULTS.listenerTimeouts.body)
    .describe('Between two pieces of a request body.'),
  idle: field
    .duration()
    .prefault(DEFAULTS.listenerTimeouts.idle)
    .describe(
      'Between two requests of a connection; and for a plugin to be done with a hook, or with a piece of a body.',
    ),
  write: field
    .duration()
    .prefault(DEFAULTS.listenerTimeouts.write)
    .describe('For a client that takes none of an answer.'),
});

const limits = field.object({
  head: field.size().prefault(DEFAULTS.limits.head).describe('A request head, start line included.'),
  headers: field.integer(1, 10_000).prefault(DEFAULTS.limits.headers).describe('Header lines of a request.'),
  target: field.size().prefault(DEFAULTS.limits.target).describe('The request target (path and query).'),
  body: field.sizeOrNone().prefault(DEFAULTS.limits.body).describe('A request body.'),
  connections: field
    .integer(1, 10_000_000)
    .prefault(DEFAULTS.limits.connections)
    .describe('Client connections of the listener, shared out evenly over the workers.'),
  connectionsPerClient: field
    .integerOrNone(1, 10_000_000)
    .prefault(DEFAULTS.limits.connectionsPerClient)
    .describe('Connections from one client address.'),
});

const webSocket = field.object({
  idle: field
    .duration()
    .prefault(DEFAULTS.webSocket.idle)
    .describe(
      'One over which nothing comes for so long is closed; with `ping`, one of which either end is silent for so long.',
    ),
  ping: field
    .durationOrNone()
    .prefault(DEFAULTS.webSocket.ping)
    .describe('An end from which nothing has come for so long is sent a ping.'),
  connections: field
    .integerOrNone(1, 10_000_000)
    .prefault(DEFAULTS.webSocket.connections)
    .describe('Open WebSockets of the listener, shared out evenly over the workers; more are answered 503.'),
  drainTimeout: field
    .duration(0)
    .prefault(DEFAULTS.webSocket.drainTimeout)
    .describe(
      'How long a WebSocket may go on when its listener or backend is taken out, or Tidegate stops, before it is closed with code 1001; `0s` closes it at once.',
    ),
});

const forwarded = field.object({
  trust: field
    .list(field.trustedPeer())
    .prefault([])
    .describe(
      'Address ranges of the proxies whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed; `unix:` stands for every peer on a Unix socket.',
    ),
  xForwarded: field.flag.prefault(true).describe('Send `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`.'),
  forwarded: field.flag.prefault(true).describe('Send `Forwarded` (RFC 7239).'),
  via: field.flag.prefault(true).describe('Send `Via` (RFC 9110 7.6.3).'),
  requestId: field.flag.prefault(true).describe('Send `X-Request-Id`.'),
  clientCertificate: field.flag
    .prefault(false)
    .describe(
      "Send `X-Client-Cert-Subject` and `X-Client-Cert-Fingerprint` (SHA-256) of the client's certificate, if it has one.",
    ),
});

export const proxyProtocol = field.object({
  trust: field
    .list(field.addressRange())
    .prefault([])
    .describe(
      'Address ranges of the proxies that connect here; connections from anywhere else are closed. Not needed on a Unix socket.',
    ),
  timeout: field.duration().prefault(DEFAULTS.proxyHeaderTimeout).describe('For the whole header.'),
});

const bandwidthSettings = field
  .object({
    listener: field.rate().optional().describe('Of all its connections together; each gets its part.'),
    connection: field.rate().optional().describe('Of each connection.'),
  })
  .refine(({ listener, connection }) => listener !== undefined || connection !== undefined, {
    error: 'expected a rate for `listener`, `connection` or both, found neither',
  });

export const bandwidth = z
  .union([field.rate(), bandwidthSettings], {
    error: field.wants('a rate like "10MiB/s", or an object with `listener` and `connection`'),
  })
  .optional()
  .describe(
    'Bytes in a second, in each direction: of the whole listener, or an object. Without it: as fast as it goes.',
  );

export const httpListener = field.object({
  name: field.name.describe('A name of its own, for logs and status.'),
  protocol: field
    .choice(['http', 'https'])
    .prefault(DEFAULTS.protocol)
    .describe('What is spoken there; `https` needs certificates: in `tls`, or at the top level.'),
  address: field
    .listenAddress()
    .describe('`127.0.0.1:8080`, `[::]:80`, `:8080` (every interface), `localhost:80` or `unix:/path`.'),
  ipv6Only: field.flag
    .prefault(false)
    .describe(
      'An IPv6 address takes no IPv4 clients. Else `[::]` is every interface of both, and IPv4 clients have their IPv4 address.',
    ),
  socketMode: field
    .fileMode()
    .optional()
    .describe(
      "The permissions of a Unix socket's file, like `0660` (in quotes): who may write to it may connect. Without it: what the umask leaves.",
    ),
  tls: tls.optional().describe('Certificates and the terms of TLS; only with `protocol: https`.'),
  rules: rules.optional().describe('The rule script: its path, or an object with `script` and its settings.'),
  shadow: shadow
    .optional()
    .describe(
      'A rule script to try: it is asked what it would decide beside the one that serves, and differences are logged. Its path, or an object with `script` and its settings.',
    ),
  plugins,
  routes: field
    .list(route)
    .prefault([])
    .describe('Where requests go by host, path, method and headers; the most specific row wins.'),
  upstream: field.name
    .optional()
    .describe('Where a request goes that no rule or route placed. Without it: 404.'),
  timeouts: listenerTimeouts.prefault({}).describe('How long a client may take.'),
  limits: limits.prefault({}).describe('How much a client may send.'),
  webSocket: webSocket.prefault({}).describe('What holds for WebSockets.'),
  http2: http2
    .optional()
    .describe(
      'Accept HTTP/2 beside HTTP/1.1: by ALPN with `https`, without TLS from clients that begin with it (prior knowledge); with which bounds. Without it: true with `https`, false with `http`.',
    ),
  forwarded: forwarded
    .prefault({})
    .describe('What is said to backends about the client, and which proxies before this one are believed.'),
  errorPages: field
    .named(
      z.string().regex(/^(?:[45]\d\d|[45]xx|default)$/, {
        error: field.wants('a status like "404", "4xx", "5xx" or "default"'),
      }),
      errorPage,
    )
    .prefault({})
    .describe(
      'Own error pages by status (`404`), class (`5xx`) or `default`: a file, or an object with `html` and `json`. ' +
        '`{status}`, `{reason}` and `{requestId}` in them are filled in.',
    ),
  proxyProtocol: proxyProtocol
    .optional()
    .describe(
      'Every connection begins with a PROXY protocol header, version 1 or 2, which names the client.',
    ),
  redirectToHttps: z
    .union([field.flag, httpsRedirect], {
      error: field.wants('true, false, or an object with `status`, `port` and `except`'),
    })
    .prefault(false)
    .describe(
      'Answers every request with a redirect to https, ahead of rules and routes; not those for `/.well-known/acme-challenge/*`. Only with `protocol: http`.',
    ),
  bandwidth,
  hsts: z
    .union([field.flag, hstsSettings], {
      error: field.wants('true, false, or an object with `maxAge`, `includeSubDomains` and `preload`'),
    })
    .prefault(false)
    .describe(
      'Adds `Strict-Transport-Security` to every answer, in place of what a backend sends. Only with `protocol: https`.',
    ),
});

export type HttpListenerFile = z.output<typeof httpListener>;
