import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkPlugins } from '../../../core/cli/plugins/check-plugins.ts';
import { loadAll, type LoadedConfig } from '../../../core/primary/loaded-config.ts';
import { makePlan } from '../../../core/primary/make-plan.ts';
import { Quarantine } from '../../../core/primary/quarantine.ts';
import { PluginHost, type PrepareResult } from '../../../plugins/host.ts';
import { testPlugin } from '../../../plugins/testing.ts';
import split from '../../../plugins/builtin/split.ts';
import { configFolder } from '../../support/config-folder.ts';
import { recordingLog } from '../../support/recording-log.ts';

const backends = [{ address: '127.0.0.1:9' }];
const config = (upstreams: readonly string[], plugins: readonly unknown[]): object => ({
  listeners: [{ name: 'web', address: '127.0.0.1:0', upstream: 'stable', plugins }],
  upstreams: Object.fromEntries(upstreams.map((name) => [name, { backends }])),
});
const canary = { use: 'split', options: { to: { stable: 95, canary: 5 } } };
const problem = 'expected the name of an upstream (stable, canarys), found "canary"; did you mean `canarys`?';

async function loaded(content: object, files: Readonly<Record<string, string>> = {}): Promise<LoadedConfig> {
  const folder = await configFolder(files);
  const file = join(folder, 'tidegate.config.json');
  await writeFile(file, JSON.stringify(content));
  const load = await loadAll(file);
  if (!load.ok) throw new Error(load.problems.join('\n'));
  return load.loaded;
}

async function prepare(host: PluginHost, content: object): Promise<PrepareResult> {
  return host.prepare(await makePlan(1, await loaded(content), new Quarantine()), () =>
    Promise.reject(new Error('no requests here')),
  );
}

function startHost(): PluginHost {
  const host = new PluginHost({ log: recordingLog().log, send: () => undefined });
  onTestFinished(() => host.close(100));
  return host;
}

test('an upstream that options name and that is not there is found by the check of a config', async () => {
  const { config: checked } = await loaded(config(['stable', 'canarys'], [canary]));
  const { problems } = await checkPlugins(checked);
  expect(problems).toEqual([
    { file: checked.file, path: 'listeners[0].plugins[0].options.to.canary', message: problem },
  ]);
});

test('a snapshot without it is refused, also where the instance serves already', async () => {
  const host = startHost();
  expect(await prepare(host, config(['stable', 'canarys'], [canary]))).toMatchObject({
    ok: false,
    problems: [{ message: problem }],
  });
  expect((await prepare(host, config(['stable', 'canary'], [canary]))).ok).toBe(true);
  expect(await prepare(host, config(['stable', 'canarys'], [canary]))).toMatchObject({
    ok: false,
    problems: [{ message: problem }],
  });
  expect(host.status()).toHaveLength(1);
});

test('what makes no sense as names of upstreams is a problem of the plugin', async () => {
  const plugin = `import { definePlugin } from 'tidegate/plugins';
    import { z } from 'zod';
    export default definePlugin({ name: 'odd', options: z.object({}), upstreams: () => 'site' as any, create: () => ({}) });`;
  const { config: content, plugins } = await loaded(config(['stable'], ['./odd.ts']), { 'odd.ts': plugin });
  const host = startHost();
  const result = await host.prepare({ config: content, plugins: [...plugins.values()] }, () =>
    Promise.reject(new Error('no requests here')),
  );
  expect(result).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('`upstreams` is to give a list of { name, path }') }],
  });
});

test('a test of a plugin has the same judgement', async () => {
  const { options } = canary;
  await expect(testPlugin(split, options, { upstreams: ['stable'] })).rejects.toThrow(
    'split: options.to.canary: there is no upstream "canary"',
  );
});
