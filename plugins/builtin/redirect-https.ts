import type { z } from 'zod';
import { definePlugin, redirectTo, textAnswer } from '../api.ts';
import { pathPattern, restOf } from './conditions.ts';
import { flag, integer, list, object } from './fields.ts';
import { hostnameOf } from './templates.ts';

const options = object({
  /** 301, 302, 307 or 308. */
  status: integer(301, 308)
    .refine((status) => [301, 302, 307, 308].includes(status), {
      error: 'expected 301, 302, 307 or 308',
    })
    .default(308),
  /** Of the https URL. */
  port: integer(1, 65_535).default(443),
  /** Paths that are served over plain HTTP all the same. */
  except: list(pathPattern()).default([]),
  /** Whether X-Forwarded-Proto says how the client came: behind a proxy that has the TLS. */
  forwardedProto: flag.default(false),
});
export type RedirectHttpsOptions = z.input<typeof options>;

/** Names and addresses. A Host may hold more than that (RFC 3986 3.2.2), which some clients read as another host. */
const PLAIN_HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

/** ACME's HTTP-01 validation begins over plain HTTP (RFC 8555 8.3). */
const CHALLENGES = '/.well-known/acme-challenge/*';

/** Sends requests that come over plain HTTP to the same URL over https. */
export default definePlugin({
  name: 'redirect-https',
  options,
  create: ({ status, port, except, forwardedProto }) => ({
    request({ request }) {
      const isSecure =
        request.scheme === 'https' ||
        (forwardedProto && request.headers.get('x-forwarded-proto') === 'https');
      if (isSecure || [CHALLENGES, ...except].some((path) => restOf(path, request.path) !== null))
        return undefined;
      const name = hostnameOf(request.host);
      if (!PLAIN_HOST.test(name)) return textAnswer(400, 'There is no host name to redirect to.\n');
      const origin = `https://${name}${port === 443 ? '' : `:${port}`}`;
      // RFC 9112 3.2.4: the URL without a path is that of `OPTIONS *`.
      return redirectTo(`${origin}${request.target === '*' ? '' : request.target}`, status);
    },
  }),
});
