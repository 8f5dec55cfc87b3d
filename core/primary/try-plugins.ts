import type { SnapshotPlan } from '../ipc/messages.ts';
import { attachedPlugins, placeText, type AttachedPlugin } from '../shared/attached-plugins.ts';
import { pluginKey } from '../shared/plugin-types.ts';
import { describeExit, type WorkerProcess } from './worker-process.ts';

/** As much of a worker as this needs. */
type TryingWorker = Pick<WorkerProcess, 'answer' | 'send' | 'kill'>;

/** The plugins of users of which `live` has no instance: code that no worker has run yet, or not with these options. */
export function untriedPlugins(next: SnapshotPlan, live: SnapshotPlan | null): AttachedPlugin[] {
  const known = new Set(live === null ? [] : ownPlugins(live).map((each) => identityOf(each, live)));
  return ownPlugins(next).filter((each) => !known.has(identityOf(each, next)));
}

function ownPlugins({ config }: SnapshotPlan): AttachedPlugin[] {
  return attachedPlugins(config).filter(({ plugin }) => plugin.source.kind !== 'builtin');
}

function identityOf({ place, plugin: { source, options } }: AttachedPlugin, plan: SnapshotPlan): string {
  return JSON.stringify([placeText(place), bundleOf(source, plan)?.id, options]);
}

function bundleOf(source: AttachedPlugin['plugin']['source'], { plugins }: SnapshotPlan) {
  return source.kind === 'builtin' ? undefined : plugins.find(({ key }) => key === pluginKey(source));
}

/**
 * Has a worker that serves nothing make each of these plugins, one by one, and close it again: what never ends there
 * holds up nobody. @returns why one can not be made; empty when all can
 */
export async function tryPlugins(
  worker: TryingWorker,
  plugins: readonly AttachedPlugin[],
  plan: SnapshotPlan,
  timeoutMs: number,
): Promise<readonly string[]> {
  for (const { path, place, plugin } of plugins) {
    const answer = worker.answer(
      (message) => (message.type === 'plugin-tried' && message.path === path ? message.problems : undefined),
      timeoutMs,
    );
    worker.send({ type: 'try-plugin', plan, path });
    const tried = await answer;
    if (tried.kind === 'answer') {
      if (tried.message.length > 0) return tried.message;
      continue;
    }
    if (tried.kind === 'timeout') worker.kill('SIGKILL');
    const end = tried.kind === 'exit' ? describeExit(tried.exit) : `no answer within ${timeoutMs} ms`;
    const file = bundleOf(plugin.source, plan)?.file ?? plan.config.file;
    return [
      `${file}: plugin ${plugin.use} at ${placeText(place)} ended or blocked the worker that tried it (${end}); look for a loop without an end in its \`create\`, its options and its top level`,
    ];
  }
  return [];
}
