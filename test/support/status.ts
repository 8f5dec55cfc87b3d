import { fetchStatus } from '../../core/admin/client.ts';
import type { StatusReport } from '../../core/admin/status-report.ts';
import type { TidegateProcess } from './tidegate-process.ts';

/** What `tidegate status --json` would print. */
export function statusOf(tidegate: TidegateProcess): Promise<StatusReport> {
  return fetchStatus(tidegate.configFile);
}
