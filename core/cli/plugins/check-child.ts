// The process of `check-plugins.ts`: takes one job, answers, and is ended by its parent.
import { validatePlugins } from '../../../plugins/validate-plugins.ts';
import type { CheckPluginsJob } from './check-plugins.ts';

process.once('message', (job: CheckPluginsJob) => {
  validatePlugins(job).then(
    (problems) => process.send?.(problems),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      process.send?.([{ file: job.config.file, message }]);
    },
  );
});
// Not `exit`, which would wait for a plugin that never ends.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
