import { subrequestSender } from '../exchange/plugins/subrequest.ts';
import type { SnapshotPlan, WorkerMessage } from '../ipc/messages.ts';
import type { Logger } from '../shared/log.ts';
import { formatProblem } from '../shared/problem.ts';
import type { SnapshotParts } from './snapshot.ts';

/** Makes the plugin at `path` of the plan's config, and closes it again. */
export async function tryPlugin(
  plan: SnapshotPlan,
  path: string,
  { registry, pools, tunnels, plugins }: SnapshotParts,
  log: Logger,
): Promise<WorkerMessage> {
  const upstreams = registry.prepare(plan.config.upstreams);
  const request = subrequestSender({ upstreams: () => upstreams, pools, tunnels, log });
  const tried = await plugins.prepare(plan, request, path);
  if (tried.ok) plugins.release(tried.plugins);
  const problems = tried.ok ? [] : tried.problems.map((problem) => formatProblem(problem));
  return { type: 'plugin-tried', path, problems };
}
