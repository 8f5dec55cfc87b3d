import type { PluginRow, PluginsReport } from '../admin/plugins-report.ts';
import type { WorkerStatus } from '../ipc/messages.ts';
import { attachedPlugins, placeText } from '../shared/attached-plugins.ts';
import type { Config } from '../shared/config-types.ts';

/** What the workers know of their plugins, put together by instance. */
export function pluginsOf(config: Config | null, statuses: readonly WorkerStatus[]): PluginsReport {
  const rows = new Map<string, PluginRow>();
  for (const { pid, plugins } of statuses) {
    for (const { id, name, use, file, version, attachedTo, ...inWorker } of plugins) {
      const row = rows.get(id) ?? { id, name, use, file, version, attachedTo, workers: [] };
      rows.set(id, { ...row, workers: [...row.workers, { pid, ...inWorker }] });
    }
  }
  const order =
    config === null
      ? []
      : attachedPlugins(config).map(({ plugin, place }) => `${placeText(place)} ${plugin.use}`);
  const rank = ({ attachedTo, use }: PluginRow): number => {
    const at = order.indexOf(`${attachedTo} ${use}`);
    return at === -1 ? order.length : at;
  };
  return { plugins: [...rows.values()].toSorted((a, b) => rank(a) - rank(b)) };
}
