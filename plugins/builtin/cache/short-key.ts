import { hash } from 'node:crypto';

/** What is remembered of a key beside its entry: clients choose how long keys are, and how many. */
export function shortKey(key: string): string {
  return key.length <= 128 ? key : hash('sha256', key, 'base64url');
}
