import net from 'node:net';
import { InvalidArgumentError } from 'commander';
import { RuleVariables, type VariableValue } from '../../shared/rule-variables.ts';
import { readBytes } from './read-bytes.ts';

/** The values of the options of `tidegate explain`; each throws InvalidArgumentError for what is none. */

export type Header = readonly [name: string, value: string];

export interface ExplainedClient {
  readonly address: string;
  /** null: not given. */
  readonly port: number | null;
}

export function addHeader(text: string, earlier: readonly Header[]): readonly Header[] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError("expected 'name: value'.");
  return [...earlier, [text.slice(0, colon), text.slice(colon + 1).trim()]];
}

/** A number, true or false is one; everything else is text, as is what stands in double quotes. */
export function addVariable(
  text: string,
  earlier: ReadonlyMap<string, VariableValue>,
): ReadonlyMap<string, VariableValue> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("expected 'name=value'.");
  const variables = new Map([...earlier, [name, scalarOf(value)] as const]);
  try {
    variablesOf(variables);
  } catch (error) {
    throw new InvalidArgumentError(`${error instanceof Error ? error.message : String(error)}.`);
  }
  return variables;
}

function scalarOf(text: string): VariableValue {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  } catch {
    // Text as it is written on a command line.
  }
  return text;
}

export function variablesOf(given: ReadonlyMap<string, VariableValue>): RuleVariables {
  const variables = new RuleVariables();
  for (const [name, value] of given) variables.set(name, value);
  return variables;
}

/** `192.0.2.7`, `192.0.2.7:5000`, `2001:db8::1`, `[2001:db8::1]:5000` */
export function parseClient(text: string): ExplainedClient {
  if (net.isIP(text) !== 0) return { address: text, port: null };
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? bare ?? '';
  if (net.isIP(address) !== (bracketed === undefined ? 4 : 6) || Number(port) > 65_535)
    throw new InvalidArgumentError('expected an IP address, with a port or without.');
  return { address, port: Number(port) };
}

export function addProtocol(text: string, earlier: readonly string[]): readonly string[] {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) throw new InvalidArgumentError('expected a protocol like h2.');
  return [...earlier, text];
}

export function parseServerName(text: string): string {
  if (!/^[\w.-]{1,253}$/.test(text)) throw new InvalidArgumentError('expected a host name.');
  return text;
}

export function parseBytes(text: string): Buffer {
  const bytes = readBytes(text);
  if (bytes === null) throw new InvalidArgumentError('expected text, hex:DIGITS or base64:DIGITS.');
  return bytes;
}
