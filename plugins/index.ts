/** What `tidegate/plugins` offers: what plugin modules are made with, and the built-in plugins for configs. */
import { builtin } from './attach.ts';
import type { HelloWorldOptions } from './builtin/hello-world.ts';

export * from './api.ts';
export type { PluginUse } from './attach.ts';
export type { PluginAttachment } from '../core/shared/plugin-attachment.ts';

/** Answers one path itself and marks everything else: the plugin to copy for one of your own. */
export const helloWorld = builtin<HelloWorldOptions>('hello-world');
