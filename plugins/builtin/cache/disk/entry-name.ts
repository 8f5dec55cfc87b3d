import { hash } from 'node:crypto';
import { urlOfKey } from '../selected.ts';

/** Three characters of the name: 4,096 folders at most, so that each holds few files and is read quickly. */
const SHARD_CHARACTERS = 3;

/** Where an entry's file lies: found by its key and variant alone, by every worker alike. */
export interface EntryName {
  readonly shard: string;
  readonly file: string;
}

/** What the names of files begin with. */
export interface NameStart {
  readonly shard: string;
  readonly start: string;
}

const FILE = /^[0-9a-f]{61}-[0-9a-f]{32}-[0-9a-f]{32}$/;
const SHARD = /^[0-9a-f]{3}$/;

export function nameOf(key: string, variant: string): EntryName {
  const { shard, start } = nameStartOfKey(key);
  return { shard, file: start + digest(variant).slice(0, 32) };
}

/** Of all variants of a key. */
export function nameStartOfKey(key: string): NameStart {
  const { shard, start } = nameStartOfUrl(urlOfKey(key));
  return { shard, start: `${start}${digest(key).slice(0, 32)}-` };
}

/** Of all keys that begin with this, which ends with the line feed that ends a key's URL. */
export function nameStartOfUrl(url: string): NameStart {
  const digits = digest(url);
  return { shard: digits.slice(0, SHARD_CHARACTERS), start: `${digits.slice(SHARD_CHARACTERS)}-` };
}

export function isEntryFile(name: string): boolean {
  return FILE.test(name);
}

export function isShard(name: string): boolean {
  return SHARD.test(name);
}

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
