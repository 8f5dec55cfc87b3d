import { quote } from './field-rules.ts';

/** What is said of handlers that return what they must not. */

export function promiseReturned(handler: string): TypeError {
  return new TypeError(`the \`${handler}\` handler returned a promise: async handlers are not supported`);
}

export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the string ${quote(value)}` : `a ${typeof value}`;
}
