import { hstsSettings, httpsRedirect } from './https-schema.ts';
import type { HttpListenerFile } from './http-listener-schema.ts';
import type { HttpsRedirectConfig } from '../shared/listener-types.ts';

const HTTPS_PORT = 443;

interface Listening {
  readonly protocol: string;
  readonly address: HttpListenerFile['address'];
}

export function resolveHttpsRedirect(
  redirect: HttpListenerFile['redirectToHttps'],
  listeners: readonly Listening[],
): HttpsRedirectConfig | null {
  if (redirect === false) return null;
  const settings = redirect === true ? httpsRedirect.parse({}) : redirect;
  return {
    status: settings.status,
    port: settings.port ?? httpsPort(listeners),
    except: settings.except,
  };
}

/** Where clients find https: 443, unless this config serves it on other ports alone. */
function httpsPort(listeners: readonly Listening[]): number {
  const ports = listeners.flatMap(({ protocol, address: { parsed } }) =>
    protocol === 'https' && parsed.kind === 'tcp' && parsed.port !== 0 ? [parsed.port] : [],
  );
  return ports.includes(HTTPS_PORT) ? HTTPS_PORT : (ports[0] ?? HTTPS_PORT);
}

/** → the value of the field (RFC 6797 6.1). */
export function resolveHsts(hsts: HttpListenerFile['hsts']): string | null {
  if (hsts === false) return null;
  const { maxAge, includeSubDomains, preload } = hsts === true ? hstsSettings.parse({}) : hsts;
  return [
    `max-age=${Math.floor(maxAge / 1000)}`,
    ...(includeSubDomains ? ['includeSubDomains'] : []),
    ...(preload ? ['preload'] : []),
  ].join('; ');
}
