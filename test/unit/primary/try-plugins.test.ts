import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { PrimaryMessage, SnapshotPlan, WorkerMessage } from '../../../core/ipc/messages.ts';
import { tryPlugins, untriedPlugins } from '../../../core/primary/try-plugins.ts';
import type { Answer } from '../../../core/primary/worker-process.ts';
import { attachedPlugins } from '../../../core/shared/attached-plugins.ts';
import { pluginKey } from '../../../core/shared/plugin-types.ts';

/** A snapshot whose listener has these plugins; the code of a file is told by its version. */
function planWith(
  plugins: readonly unknown[],
  versions: Readonly<Record<string, string>> = {},
): SnapshotPlan {
  const input = {
    listeners: [{ name: 'web', address: '127.0.0.1:0', plugins, upstream: 'site' }],
    upstreams: { site: { backends: [{ address: '127.0.0.1:9' }] } },
  };
  const config = resolveConfig(configSchema.parse(input), '/site/tidegate.config.yaml', new Map());
  const sources = attachedPlugins(config).map(({ plugin }) => plugin.source);
  const bundles = sources.flatMap((source) => {
    if (source.kind === 'builtin') return [];
    const key = pluginKey(source);
    const file = Object.keys(versions).find((name) => key.includes(name)) ?? key;
    return [
      {
        key,
        id: `${file} ${versions[file] ?? 'one'}`,
        file: `/site/${file}`,
        code: '',
        sourceMap: '',
        inputs: [],
      },
    ];
  });
  return { version: 1, config, rules: [], listenerRules: {}, listenerShadows: {}, plugins: bundles };
}

function paths(next: SnapshotPlan, live: SnapshotPlan | null): string[] {
  return untriedPlugins(next, live).map(({ path }) => path);
}

const a = './a.ts';

test.each<[string, readonly unknown[], Readonly<Record<string, string>>, readonly string[]]>([
  ['nothing has changed', [a, 'hello-world'], {}, []],
  ['its code has changed', [a, 'hello-world'], { 'a.ts': 'two' }, ['listeners[0].plugins[0]']],
  [
    'its options have changed',
    [{ use: a, options: { x: 1 } }, 'hello-world'],
    {},
    ['listeners[0].plugins[0]'],
  ],
  ['it is new', [a, 'hello-world', './b.ts'], {}, ['listeners[0].plugins[2]']],
  ['it has moved', ['hello-world', a], {}, []],
  ['what has changed comes with Tidegate', [a, { use: 'hello-world', options: { text: 'x' } }], {}, []],
])('what is tried where %s', (_, plugins, versions, expected) => {
  expect(paths(planWith(plugins, versions), planWith([a, 'hello-world']))).toEqual(expected);
});

test('all are new where nothing serves', () => {
  expect(paths(planWith([a, 'hello-world']), null)).toEqual(['listeners[0].plugins[0]']);
});

type Ending = Extract<Answer<never>, { readonly kind: 'exit' | 'timeout' }>;

/** A worker that gives these answers, in their order: problems, or its end. */
function workerThat(answers: readonly (readonly string[] | Ending)[]) {
  const asked: string[] = [];
  const worker = {
    isKilled: false,
    asked,
    async answer<M>(match: (message: WorkerMessage) => M | undefined): Promise<Answer<M>> {
      await Promise.resolve();
      const given = answers[asked.length - 1] ?? [];
      if ('kind' in given) return given;
      const message = match({ type: 'plugin-tried', path: asked.at(-1) ?? '', problems: given });
      return message === undefined ? { kind: 'timeout' } : { kind: 'answer', message };
    },
    send: (message: PrimaryMessage) => void (message.type === 'try-plugin' && asked.push(message.path)),
    kill: () => void (worker.isKilled = true),
  };
  return worker;
}

const exit = { code: null, signal: 'SIGKILL', lastRuleId: null, livedMs: 1 } as const;

test('the first one that can not be made is told, and none behind it is tried', async () => {
  const plan = planWith(['./a.ts', './b.ts', './c.ts']);
  const worker = workerThat([[], ['/site/b.ts:1:2 no']]);
  expect(await tryPlugins(worker, untriedPlugins(plan, null), plan, 100)).toEqual(['/site/b.ts:1:2 no']);
  expect([worker.asked.length, worker.isKilled]).toEqual([2, false]);
});

test.each<[string, Ending, string, boolean]>([
  ['ends', { kind: 'exit', exit }, '(SIGKILL)', false],
  ['does not answer', { kind: 'timeout' }, '(no answer within 100 ms)', true],
])('the plugin is named whose worker %s', async (_, ending, why, isKilled) => {
  const plan = planWith(['./a.ts', './b.ts'], { 'b.ts': 'one' });
  const worker = workerThat([[], ending]);
  const [problem = ''] = await tryPlugins(worker, untriedPlugins(plan, null), plan, 100);
  expect(problem).toContain('/site/b.ts: plugin ./b.ts at listener web');
  expect(problem).toContain(why);
  expect(worker.isKilled).toBe(isKilled);
});
