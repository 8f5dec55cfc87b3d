import { z } from 'zod';
import { IssuerError, type IssuerErrorKind } from './issuer.ts';
import { readJson } from './read-json.ts';

/** A problem document of the CA's (RFC 8555 6.7). */
export const acmeProblem = z.looseObject({
  type: z.string().catch('about:blank'),
  detail: z.string().catch(''),
  subproblems: z
    .array(z.looseObject({ type: z.string().catch('about:blank'), detail: z.string().catch('') }))
    .catch([]),
});
export type AcmeProblem = z.infer<typeof acmeProblem>;

export const problemPrefix = 'urn:ietf:params:acme:error:';

/** RFC 8555 6.7 and RFC 9773 7.4; what is not here is a rejection. */
const kinds = new Map<string, IssuerErrorKind>([
  ['accountDoesNotExist', 'account'],
  ['badNonce', 'unreachable'],
  ['connection', 'challenge'],
  ['dns', 'challenge'],
  ['externalAccountRequired', 'account'],
  ['incorrectResponse', 'challenge'],
  ['invalidContact', 'account'],
  ['rateLimited', 'rate-limited'],
  ['serverInternal', 'unreachable'],
  ['tls', 'challenge'],
  ['unauthorized', 'account'],
  ['unsupportedContact', 'account'],
  ['userActionRequired', 'account'],
]);

/** The failure that an answer with this status stands for. `body`: whatever came; only a problem document tells more. */
export function errorOfAnswer(status: number, body: string, retryAfterMs: number | null): IssuerError {
  const problem = parseProblem(body);
  const type = problem?.type ?? null;
  const said = problem === null ? `status ${status}` : describeProblem(problem);
  const known =
    type?.startsWith(problemPrefix) === true ? kinds.get(type.slice(problemPrefix.length)) : undefined;
  const kind = status === 429 ? 'rate-limited' : (known ?? (status >= 500 ? 'unreachable' : 'rejected'));
  return new IssuerError(kind, `the CA answered: ${said}`, { retryAfterMs, type });
}

export function parseProblem(body: string): AcmeProblem | null {
  return readJson(acmeProblem, body);
}

/** For people: `rateLimited: too many certificates …`. Bounded, on one line. */
export function describeProblem({ type, detail, subproblems }: AcmeProblem): string {
  const parts = [{ type, detail }, ...subproblems.slice(0, 3)];
  const text = parts.map((part) => `${part.type.replace(problemPrefix, '')}: ${part.detail}`).join('; ');
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').slice(0, 500);
}

/** More than a week is as good as never. */
const LONGEST_WAIT_MS = 7 * 24 * 3_600_000;

/** RFC 9110 10.2.3. null: there is none that can be read. */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
}
