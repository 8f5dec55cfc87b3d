import { z } from 'zod';
import { acmeRows, acme, certificates } from './certificates-schema.ts';
import type { AcmeFile, OnDemandFile } from './certificates-schema.ts';
import type { ListenAddressFile } from './fields.ts';
import { httpListener } from './http-listener-schema.ts';
import type { HttpListenerFile } from './http-listener-schema.ts';
import { tcpListener, udpListener } from './layer4-schema.ts';
import type { TcpListenerFile } from './layer4-schema.ts';
import { protocols } from './listener-schema.ts';
import type { ListenerFile } from './listener-schema.ts';
import { pluginUse } from './plugin-schema.ts';
import type { RouteFile } from './route-schema.ts';
import { DEFAULTS } from './defaults.ts';
import { configSchema } from './schema.ts';
import { healthCheck } from './health-schema.ts';
import type { HealthCheckFile } from './health-schema.ts';
import { upstream } from './upstream-schema.ts';
import type { UpstreamFile } from './upstream-schema.ts';

/**
 * What can be understood of a config, right or wrong: each field that is valid by itself. The
 * cross-checks look at this, so that one misspelt duration does not hide an unknown upstream.
 */
export interface Draft {
  readonly listeners: readonly ListenerDraft[];
  /** null where the file's `upstreams` are no object at all. */
  readonly upstreams: ReadonlyMap<string, UpstreamDraft> | null;
  readonly admin: HttpListenerFile['address'] | undefined;
  /** null where there are none at all. */
  readonly certificates: CertificatesDraft | null;
}

export interface CertificatesDraft {
  /** Those that are valid; `path` from the top. */
  readonly acme: readonly { readonly row: AcmeFile; readonly path: readonly PropertyKey[] }[];
  readonly onDemand: OnDemandFile | undefined;
  /** Whether there is any, right or wrong. */
  readonly hasOnDemand: boolean;
  readonly selfSigned: readonly string[];
}

export interface ListenerDraft {
  readonly name: string | undefined;
  readonly address: ListenAddressFile | undefined;
  readonly ipv6Only: boolean;
  readonly socketMode: HttpListenerFile['socketMode'];
  readonly protocol: ListenerFile['protocol'] | undefined;
  /** All of it, if all of it is valid. */
  readonly tls: HttpListenerFile['tls'];
  /** Whether there is any, right or wrong. */
  readonly hasTls: boolean;
  /** Whether `tls` has certificates, right or wrong. */
  readonly hasCertificates: boolean;
  readonly upstream: string | undefined;
  readonly rules: HttpListenerFile['rules'];
  readonly shadow: HttpListenerFile['shadow'];
  readonly plugins: readonly PluginDraft[];
  readonly routes: readonly RouteDraft[];
  readonly tcpRoutes: readonly TcpRouteDraft[];
  readonly sni: boolean;
  readonly hasAlpn: boolean;
  readonly errorPages: HttpListenerFile['errorPages'];
  readonly proxyProtocol: HttpListenerFile['proxyProtocol'];
  readonly redirectToHttps: HttpListenerFile['redirectToHttps'] | undefined;
  readonly hsts: HttpListenerFile['hsts'] | undefined;
}

/** What is used, if that can be understood; whether by a name alone or in an object. */
export type PluginDraft = { readonly use: string; readonly inObject: boolean } | undefined;

export interface RouteDraft {
  readonly upstream: string | undefined;
  readonly plugins: readonly PluginDraft[];
  /** The whole row, if all of it is valid. */
  readonly row: RouteFile | undefined;
}

export interface TcpRouteDraft {
  readonly upstream: string | undefined;
  readonly row: TcpListenerFile['routes'][number] | undefined;
}

export interface UpstreamDraft {
  readonly protocol: UpstreamFile['protocol'] | undefined;
  readonly tls: UpstreamFile['tls'] | undefined;
  readonly fallback: UpstreamFile['fallback'];
  readonly scheduler: UpstreamFile['scheduler'] | undefined;
  readonly hasSlowStart: boolean;
  /** undefined where there is none; `keys`: all that it has, right or wrong. */
  readonly healthCheck:
    { readonly type: HealthCheckFile['type'] | undefined; readonly keys: readonly string[] } | undefined;
  /** The addresses of `rows`. */
  readonly backends: readonly (UpstreamFile['backends'][number]['address'] | undefined)[];
  readonly rows: readonly BackendDraft[];
  readonly sticky: UpstreamFile['sticky'];
  readonly plugins: readonly PluginDraft[];
}

export interface BackendDraft {
  /** The names of its keys, those that are wrong included. */
  readonly keys: readonly string[];
  readonly address: UpstreamFile['backends'][number]['address'];
  readonly upstream: UpstreamFile['backends'][number]['upstream'];
  readonly backup: boolean;
  readonly backupFor: UpstreamFile['backends'][number]['backupFor'];
}

const looseObject = z.record(z.string(), z.unknown());
const looseList = z.array(z.unknown());
const route = httpListener.shape.routes.unwrap().element;
const tcpRoute = tcpListener.shape.routes.unwrap().element;
const backend = upstream.shape.backends.element;
const adminAddress = configSchema.shape.admin.unwrap().shape.address;

export function draftOf(value: unknown): Draft {
  const root = fieldsOf(value);
  const upstreams = looseObject.safeParse(root['upstreams'] ?? {});
  return {
    listeners: elementsOf(root['listeners']).map(listenerDraft),
    upstreams: upstreams.success
      ? new Map(Object.entries(upstreams.data).map(([name, raw]) => [name, upstreamDraft(raw)]))
      : null,
    admin: valid(adminAddress, fieldsOf(root['admin'])['address']),
    certificates: root['certificates'] === undefined ? null : certificatesDraft(root['certificates']),
  };
}

function certificatesDraft(raw: unknown): CertificatesDraft {
  const fields = fieldsOf(raw);
  const given: unknown = fields['acme'];
  const rows = acmeRows<unknown>(looseList.safeParse(given).success ? elementsOf(given) : given);
  return {
    acme: rows.flatMap(({ row, path }) => {
      const read = valid(acme, row);
      return read === undefined ? [] : [{ row: read, path }];
    }),
    onDemand: valid(certificates.shape.onDemand, fields['onDemand']),
    hasOnDemand: fields['onDemand'] !== undefined,
    selfSigned: valid(certificates.shape.selfSigned, fields['selfSigned']) ?? [],
  };
}

function listenerDraft(raw: unknown): ListenerDraft {
  const fields = fieldsOf(raw);
  const protocol = valid(protocols, fields['protocol'] ?? DEFAULTS.protocol);
  const isTcp = protocol === 'tcp' || protocol === 'tls';
  const isUdp = protocol === 'udp';
  const { shape } = isTcp ? tcpListener : isUdp ? udpListener : httpListener;
  return {
    ...(isTcp || isUdp ? NOTHING_OF_HTTP : httpDraft(fields)),
    name: valid(shape.name, fields['name']),
    address: addressDraft(isTcp || isUdp, fields['address']),
    ipv6Only: valid(shape.ipv6Only, fields['ipv6Only']) ?? false,
    socketMode: isUdp ? undefined : valid(httpListener.shape.socketMode, fields['socketMode']),
    protocol,
    tls: isUdp ? undefined : valid(httpListener.shape.tls, fields['tls']),
    hasTls: fields['tls'] !== undefined,
    hasCertificates: fieldsOf(fields['tls'])['certificates'] !== undefined,
    upstream: valid(shape.upstream, fields['upstream']),
    rules: valid(shape.rules, fields['rules']),
    plugins: elementsOf(fields['plugins']).map(pluginDraft),
    tcpRoutes: isTcp
      ? elementsOf(fields['routes']).map((row) => ({
          upstream: valid(tcpRoute.shape.upstream, fieldsOf(row)['upstream']),
          row: valid(tcpRoute, row),
        }))
      : [],
    sni: isTcp && (valid(tcpListener.shape.sni, fields['sni']) ?? false),
    hasAlpn: isTcp && fields['alpn'] !== undefined,
    proxyProtocol: isUdp ? undefined : valid(httpListener.shape.proxyProtocol, fields['proxyProtocol']),
  };
}

function addressDraft(mayBeRange: boolean, raw: unknown): ListenAddressFile | undefined {
  if (mayBeRange) return valid(tcpListener.shape.address, raw);
  const address = valid(httpListener.shape.address, raw);
  return address === undefined ? undefined : { ...address, lastPort: null };
}

type HttpDraft = Pick<ListenerDraft, 'shadow' | 'routes' | 'errorPages' | 'redirectToHttps' | 'hsts'>;

const NOTHING_OF_HTTP: HttpDraft = {
  shadow: undefined,
  routes: [],
  errorPages: {},
  redirectToHttps: undefined,
  hsts: undefined,
};

function httpDraft(fields: Readonly<Record<string, unknown>>): HttpDraft {
  const { shape } = httpListener;
  return {
    shadow: valid(shape.shadow, fields['shadow']),
    routes: elementsOf(fields['routes']).map((row) => ({
      upstream: valid(route.shape.upstream, fieldsOf(row)['upstream']),
      plugins: elementsOf(fieldsOf(row)['plugins']).map(pluginDraft),
      row: valid(route, row),
    })),
    errorPages: valid(shape.errorPages, fields['errorPages']) ?? {},
    redirectToHttps: valid(shape.redirectToHttps, fields['redirectToHttps']),
    hsts: valid(shape.hsts, fields['hsts']),
  };
}

function upstreamDraft(raw: unknown): UpstreamDraft {
  const fields = fieldsOf(raw);
  const rows = elementsOf(fields['backends']).map(backendDraft);
  return {
    fallback: valid(upstream.shape.fallback, fields['fallback']),
    protocol: valid(upstream.shape.protocol, fields['protocol']),
    tls: valid(upstream.shape.tls, fields['tls']),
    scheduler: valid(upstream.shape.scheduler, fields['scheduler']),
    hasSlowStart: fields['slowStart'] !== undefined,
    healthCheck: healthCheckDraft(fields['healthCheck']),
    backends: rows.map(({ address }) => address),
    rows,
    sticky: valid(upstream.shape.sticky, fields['sticky']),
    plugins: elementsOf(fields['plugins']).map(pluginDraft),
  };
}

function pluginDraft(raw: unknown): PluginDraft {
  const inObject = typeof raw !== 'string';
  const use = valid(pluginUse, inObject ? fieldsOf(raw)['use'] : raw);
  return use === undefined ? undefined : { use, inObject };
}

function healthCheckDraft(raw: unknown): UpstreamDraft['healthCheck'] {
  if (!looseObject.safeParse(raw).success) return undefined;
  const fields = fieldsOf(raw);
  return { type: valid(healthCheck.shape.type, fields['type']), keys: Object.keys(fields) };
}

function backendDraft(raw: unknown): BackendDraft {
  const fields = fieldsOf(raw);
  return {
    keys: Object.keys(fields).filter((key) => fields[key] !== undefined),
    address: valid(backend.shape.address, fields['address']),
    upstream: valid(backend.shape.upstream, fields['upstream']),
    backup: valid(backend.shape.backup, fields['backup']) ?? false,
    backupFor: valid(backend.shape.backupFor, fields['backupFor']),
  };
}

function valid<Field extends z.ZodType>(field: Field, raw: unknown): z.output<Field> | undefined {
  const result = field.safeParse(raw);
  return result.success ? result.data : undefined;
}

function fieldsOf(raw: unknown): Record<string, unknown> {
  const result = looseObject.safeParse(raw);
  return result.success ? result.data : {};
}

function elementsOf(raw: unknown): unknown[] {
  const result = looseList.safeParse(raw);
  return result.success ? result.data : [];
}
