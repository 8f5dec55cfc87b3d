import {
  claimAt,
  ClaimTooLong,
  fieldText,
  fulfils,
  variableOf,
  type Claims,
  type Requirements,
  type Scalar,
} from './claims.ts';

/** What a good token comes to. */
export interface Grant {
  /** Whether it has what is required. */
  readonly isAllowed: boolean;
  /** `sub`, for the log; null: it has none. */
  readonly user: string | null;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly variables: readonly (readonly [name: string, value: Scalar])[];
}

export interface GrantSettings {
  readonly require: Requirements;
  readonly claimsToHeaders: Readonly<Record<string, string>>;
  readonly claimsToRules: readonly string[];
}

/** Of one field, and of all variables: these have to fit in with those of other plugins. */
const LONGEST_FIELD = 4096;
const LONGEST_VARIABLES = 8192;
const LONGEST_USER = 200;

/** Throws ClaimTooLong. */
export function grantOf({ require, claimsToHeaders, claimsToRules }: GrantSettings, claims: Claims): Grant {
  const fields = Object.entries(claimsToHeaders).flatMap(([claim, name]) => {
    const value = fieldText(claimAt(claims, claim));
    if (value !== null && value.length > LONGEST_FIELD) throw new ClaimTooLong(claim);
    return value === null ? [] : [[name, value] as const];
  });
  const variables = claimsToRules.flatMap((claim) => {
    const value = variableOf(claimAt(claims, claim));
    return value === null ? [] : [[`jwt.${claim}`, value] as const];
  });
  const characters = variables.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (characters > LONGEST_VARIABLES) throw new ClaimTooLong('claimsToRules');
  const { sub } = claims;
  return {
    isAllowed: fulfils(claims, require),
    user: typeof sub === 'string' && sub !== '' ? sub.slice(0, LONGEST_USER) : null,
    fields,
    variables,
  };
}
