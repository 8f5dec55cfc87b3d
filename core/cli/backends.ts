import type { Command } from 'commander';

import { register as registerChanges } from './backends/change.ts';
import { register as registerHealth } from './backends/health.ts';
import { register as registerList } from './backends/list.ts';

export function register(program: Command): void {
  const backends = program
    .command('backends')
    .description("show the running proxy's backends, and take them in and out of service");
  registerList(backends);
  registerHealth(backends);
  registerChanges(backends);
}
