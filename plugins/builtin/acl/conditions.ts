import type { AddressSet, PluginExchange } from '../../api.ts';
import { hostnameOf } from '../templates.ts';
import type { CountryOf } from './countries.ts';

/** What is known when it is to be decided: of a connection less than of a request. */
export interface Subject {
  readonly address: string | null;
  /** undefined: not known yet; null: the client named none. */
  readonly serverName: string | null | undefined;
  readonly exchange: PluginExchange | null;
}

/** null: cannot be said yet. */
export type Condition = (subject: Subject) => boolean | null;

/** `sets` is asked each time: list files change. */
export function addressIn(sets: readonly { readonly value: AddressSet }[]): Condition {
  return ({ address }) => (address === null ? null : sets.some(({ value }) => value.has(address)));
}

export function countryIn(codes: readonly string[], countryOf: { readonly value: CountryOf }): Condition {
  const wanted = new Set(codes);
  return ({ address }) => (address === null ? null : wanted.has(countryOf.value(address) ?? 'unknown'));
}

export function methodIn(methods: readonly string[]): Condition {
  return ofRequest(({ request }) => methods.includes(request.method));
}

/** As in a route: exact, or `/prefix/*` for all that begins with `/prefix/`. */
export function pathIn(paths: readonly string[]): Condition {
  const exact = new Set(paths.filter((path) => !path.endsWith('/*')));
  const prefixes = paths.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1));
  return ofRequest(
    ({ request: { path } }) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix)),
  );
}

export function hostIn(hosts: readonly string[]): Condition {
  const matches = nameMatcher(hosts);
  return ofRequest(({ request }) => matches(hostnameOf(request.host)));
}

export function serverNameIn(names: readonly string[]): Condition {
  const matches = nameMatcher(names);
  return ({ serverName }) => (serverName === undefined ? null : serverName !== null && matches(serverName));
}

/** `true`: was sent; `false`: was not; a text: has this value, in which `*` stands for anything. */
export function headerIs(name: string, wanted: string | boolean): Condition {
  if (typeof wanted === 'boolean') return ofRequest(({ request }) => request.headers.has(name) === wanted);
  const parts = wanted.split('*');
  return ofRequest(({ request }) => request.headers.getAll(name).some((value) => matchesParts(value, parts)));
}

function ofRequest(holds: (exchange: PluginExchange) => boolean): Condition {
  return ({ exchange }) => (exchange === null ? null : holds(exchange));
}

function nameMatcher(names: readonly string[]): (name: string) => boolean {
  const exact = new Set(names.filter((name) => !name.startsWith('*.')));
  const suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  return (name) =>
    exact.has(name) || suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix));
}

/** Each part at its first place after the one before: one pass, whatever the value. */
function matchesParts(value: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  if (others.length === 0) return value === first;
  const last = others.pop() ?? '';
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = value.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
