import { compileCidrs } from '../../core/shared/cidr.ts';
import { host } from './host.ts';

/** Who sent the request. */
export interface Client {
  /** The IP address, without port; `unknown` for a client on a Unix socket. */
  readonly address: string;
  /**
   * Whether the address lies in any of these: an address (`192.0.2.7`, `2001:db8::1`), a CIDR
   * (`10.0.0.0/8`) or the name of a list from the config's `lists`. An IPv4-mapped IPv6 address
   * (`::ffff:192.0.2.7`) is an IPv4 address here. Throws a TypeError for anything else.
   */
  in(...ranges: readonly string[]): boolean;
}

type Test = (address: string) => boolean;

const MAX_KNOWN = 1000;

/** Compiled ranges by their text. Lists come from the config and stay; what scripts ask for is dropped when it gets too much. */
const lists = new Map(
  Object.entries(host.settings.lists).map(([name, cidrs]) => [name, compileCidrs(cidrs)]),
);
const known = new Map<string, Test>();

export class RequestClient implements Client {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  in(...ranges: readonly string[]): boolean {
    let found = false;
    // All are looked up even after a match, so that a misspelt one does not hide.
    for (const text of ranges) if (lookUp(text)(this.address)) found = true;
    return found;
  }
}

function lookUp(text: string): Test {
  const test = lists.get(text) ?? known.get(text);
  if (test !== undefined) return test;
  const made = compile(text);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, made);
  return made;
}

function compile(text: string): Test {
  try {
    return compileCidrs([text]);
  } catch {
    throw new TypeError(
      `client.in: ${JSON.stringify(text)} is neither an address nor a CIDR nor the name of a list`,
    );
  }
}
