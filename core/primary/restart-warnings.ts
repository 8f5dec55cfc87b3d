import type { Config } from '../shared/config-types.ts';

/** What a reload cannot change in a process that runs: everything else of the new config takes effect. */
export function restartWarnings(previous: Config, next: Config): string[] {
  const warnings: string[] = [];
  if (previous.user !== next.user || previous.group !== next.group) {
    warnings.push('user, group: the workers run as before until a restart');
  }
  if (JSON.stringify(previous.admin) !== JSON.stringify(next.admin)) {
    warnings.push('admin: the admin server listens as before until a restart');
  }
  if (previous.log.level !== next.log.level || previous.log.file !== next.log.file) {
    warnings.push('log: the primary process logs as before until a restart');
  }
  return warnings;
}
