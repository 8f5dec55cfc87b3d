/** RFC 9110 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set([...SAFE, 'PUT', 'DELETE']);

/** Whether two backends may work on a request with this method at the same time. */
export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

/** Whether a backend may get a request with this method twice. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
