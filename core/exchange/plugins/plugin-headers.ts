import type { PluginHeaders } from '../../../plugins/contract/message.ts';
import { FIELD_VALUE, isAll, TOKEN } from '../../http1/characters.ts';
import { isFraming } from '../apply-edits.ts';
import { headerKind, HeaderList } from '../headers.ts';

/** A header block as plugins see it: they may read all of it, and write what is not the proxy's own. */
export class HeadersOfMessage implements PluginHeaders {
  readonly #list: HeaderList;
  readonly #onChange: (() => void) | null;

  constructor(list: HeaderList, onChange: (() => void) | null = null) {
    this.#list = list;
    this.#onChange = onChange;
  }

  get(name: string): string | null {
    const lower = name.toLowerCase();
    // Their values hold commas or semicolons of their own: joined they could not be told apart again (RFC 6265 3).
    if (lower !== 'set-cookie' && lower !== 'cookie') return this.#list.get(lower);
    return this.#list.values[this.#list.lowerNames.indexOf(lower)] ?? null;
  }

  getAll(name: string): readonly string[] {
    const lower = name.toLowerCase();
    return this.#list.values.filter((_, i) => this.#list.lowerNames[i] === lower);
  }

  has(name: string): boolean {
    return this.#list.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    checkName(name);
    checkValue(name, value);
    this.#list.set(name, value);
    this.#onChange?.();
  }

  append(name: string, value: string): void {
    checkName(name);
    checkValue(name, value);
    this.#list.append(name, value);
    this.#onChange?.();
  }

  delete(name: string): void {
    checkName(name);
    this.#list.delete(name.toLowerCase());
    this.#onChange?.();
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    const { names, values } = this.#list;
    // What the loop changes does not disturb it.
    const fields = names.map((name, i) => [name, values[i] ?? ''] as const);
    yield* fields;
  }
}

/** @throws TypeError for no name, and for a field that is the proxy's own */
function checkName(name: string): void {
  if (typeof name !== 'string' || !isAll(TOKEN, name))
    throw new TypeError(`${JSON.stringify(name)} is no name of a header field`);
  if (isFraming(headerKind(name.toLowerCase())))
    throw new TypeError(`the header field ${name} is the proxy's own and not to be changed`);
}

/** @throws TypeError */
function checkValue(name: string, value: string): void {
  if (typeof value !== 'string' || (value !== '' && !isAll(FIELD_VALUE, value)))
    throw new TypeError(`the value for the header field ${name} holds characters that none may hold`);
}

type FieldsOfPlugin = Readonly<Record<string, string | readonly string[]>>;

/** What was read before: fields that can not be changed any more are given again and again by who answers many with the same. */
const known = new WeakMap<FieldsOfPlugin, HeaderList>();

/**
 * The fields of a message that a plugin makes, without those that are the proxy's own: one that was stored, or fetched,
 * comes with what framed it there. @throws TypeError for what is no field
 */
export function fieldsOf(headers: FieldsOfPlugin): HeaderList {
  if (!Object.isFrozen(headers)) return readFields(headers);
  const before = known.get(headers);
  if (before !== undefined) return before.copy();
  const list = readFields(headers);
  if (Object.values(headers).every((value) => Object.isFrozen(value))) known.set(headers, list.copy());
  return list;
}

function readFields(headers: FieldsOfPlugin): HeaderList {
  const list = new HeaderList();
  for (const [name, value] of Object.entries(headers)) {
    if (!isAll(TOKEN, name)) throw new TypeError(`${JSON.stringify(name)} is no name of a header field`);
    if (isFraming(headerKind(name.toLowerCase()))) continue;
    for (const each of typeof value === 'string' ? [value] : value) {
      checkValue(name, each);
      list.append(name, each);
    }
  }
  return list;
}
