import type { Command } from 'commander';

import { register as registerList } from './plugins/list.ts';
import { register as registerNew } from './plugins/new.ts';

export function register(program: Command): void {
  const plugins = program
    .command('plugins')
    .description("show the running proxy's plugins, and begin one of your own");
  registerList(plugins);
  registerNew(plugins);
}
