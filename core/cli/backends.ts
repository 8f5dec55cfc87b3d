import type { Command } from 'commander';

import { registerHealth } from './backends/health.ts';

export function register(program: Command): void {
  const backends = program.command('backends').description('ask about the backends of the running proxy');
  registerHealth(backends);
}
