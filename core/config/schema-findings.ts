import type { z } from 'zod';
import type { Finding } from './finding.ts';

type Issue = z.core.$ZodIssue;

/** What zod found wrong, one finding for each thing that the user has to change. */
export function schemaFindings(issues: readonly Issue[], base: readonly PropertyKey[] = []): Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, [...base, ...issue.path]));
}

function findingsOf(issue: Issue, path: readonly PropertyKey[]): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const messages = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: [...path, key],
        message: messages[index] ?? 'unknown key',
        atKey: true,
      }));
    }
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? issue.message, atKey: true }];
    case 'invalid_union': {
      // The form that the value was meant to have is the one that it at least has the type of.
      const meant = issue.errors.filter((branch) => !branch.some(isWrongKind));
      const [only] = meant;
      return only !== undefined && meant.length === 1
        ? schemaFindings(only, path)
        : [{ path, message: issue.message }];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

function isWrongKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}
