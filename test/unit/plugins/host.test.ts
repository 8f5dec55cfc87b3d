import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { loadAll } from '../../../core/primary/loaded-config.ts';
import { makePlan } from '../../../core/primary/make-plan.ts';
import { Quarantine } from '../../../core/primary/quarantine.ts';
import { PluginHost } from '../../../plugins/host.ts';
import type { SnapshotPlugins } from '../../../plugins/snapshot-plugins.ts';
import { configFolder } from '../../support/config-folder.ts';
import { poll } from '../../support/poll.ts';
import { recordingLog } from '../../support/recording-log.ts';

/** Notes what befalls its instances in `globalThis.notes[folder]`, which the test reads; `body` is the rest of `create`. */
const plugin = (body: string): string => `
import { definePlugin } from 'tidegate/plugins';
const notes = ((globalThis.notes ??= {})[import.meta.dirname] ??= []);
export default definePlugin({
  name: 'noter',
  options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  async create(options, context) { const note = (text) => notes.push(text); ${body} },
});
`;

const closing = `note('created'); return { request() {}, close() { note('closed' + (context.signal.aborted ? ', aborted' : '')); } };`;

interface Tested {
  readonly folder: string;
  readonly host: PluginHost;
  readonly log: ReturnType<typeof recordingLog>;
  readonly notes: () => readonly string[];
  /** A snapshot of the config as it is now. */
  readonly prepare: (config?: object) => Promise<SnapshotPlugins>;
}

const plain = (plugins: readonly unknown[], upstreamPlugins: readonly unknown[] = []): object => ({
  listeners: [{ name: 'web', address: '127.0.0.1:0', upstream: 'site', plugins }],
  upstreams: { site: { backends: [{ address: '127.0.0.1:9' }], plugins: upstreamPlugins } },
});

async function start(
  files: Readonly<Record<string, string>>,
  options: { readonly send?: (instance: string, body: string) => void; readonly folder?: string } = {},
): Promise<Tested> {
  const folder = options.folder ?? (await configFolder(files));
  const log = recordingLog();
  const host = new PluginHost({ log: log.log, send: options.send ?? (() => undefined) });
  onTestFinished(() => host.close(100));
  const file = join(folder, 'tidegate.config.json');
  const prepare = async (config?: object): Promise<SnapshotPlugins> => {
    if (config !== undefined) await writeFile(file, JSON.stringify(config));
    const load = await loadAll(file);
    if (!load.ok) throw new Error(load.problems.join('\n'));
    const prepared = await host.prepare(await makePlan(1, load.loaded, new Quarantine()), (subrequest) =>
      Promise.reject(new Error(`no request to ${subrequest.upstream} here`)),
    );
    if (!prepared.ok) throw new Error(prepared.problems.map(({ message }) => message).join('\n'));
    host.commit(prepared.plugins);
    return prepared.plugins;
  };
  const notes = (): readonly string[] => {
    const all: unknown = Reflect.get(globalThis, 'notes');
    const own: unknown = typeof all === 'object' && all !== null ? Reflect.get(all, folder) : [];
    return Array.isArray(own) ? own.map(String) : [];
  };
  return { folder, host, log, notes, prepare };
}

test('an instance is kept while a snapshot has it, and closed once with the last', async () => {
  const tested = await start({ 'a.ts': plugin(closing) });
  const first = await tested.prepare(plain(['./a.ts']));
  const second = await tested.prepare(plain(['./a.ts', 'hello-world']));
  expect(second.instances[0]).toBe(first.instances[0]);
  tested.host.release(first);
  const third = await tested.prepare(plain([]));
  expect(tested.notes()).toEqual(['created']);
  tested.host.release(second);
  await poll(() => tested.notes().length > 1);
  tested.host.release(third);
  expect(tested.notes()).toEqual(['created', 'closed, aborted']);
});

test('the same plugin twice at a place is two instances, and each place has its own', async () => {
  const tested = await start({ 'a.ts': plugin(closing) });
  const { instances } = await tested.prepare(plain(['./a.ts', './a.ts'], ['./a.ts']));
  expect(new Set(instances).size).toBe(3);
  expect(tested.host.status()).toHaveLength(3);
  const next = await tested.prepare(plain(['./a.ts', './a.ts'], ['./a.ts']));
  expect(next.instances).toEqual(instances);
  expect(instances.map(({ attachedTo }) => attachedTo)).toEqual([
    'listener web',
    'listener web',
    'upstream site',
  ]);
});

test('where one does not come about, none of the others stays', async () => {
  const tested = await start({ 'a.ts': plugin(closing), 'b.ts': plugin("throw new Error('no luck');") });
  await expect(tested.prepare(plain(['./a.ts', './b.ts']))).rejects.toThrow(
    'plugin ./b.ts at listener web could not be created: Error: no luck',
  );
  await poll(() => tested.notes().length === 2);
  expect(tested.notes()).toEqual(['created', 'closed, aborted']);
  expect(tested.host.status()).toEqual([]);
});

test('closing is waited for within bounds', async () => {
  const tested = await start({ 'a.ts': plugin('return { close: () => new Promise(() => {}) };') });
  await tested.prepare(plain(['./a.ts']));
  await tested.host.close(50);
  expect(tested.log.lines.map(({ message }) => message)).toContain('a plugin has not closed in time');
});

test('siblings hear each other, and not themselves; what fails there is logged', async () => {
  const source = plugin(`
    context.siblings.onMessage((message) => { note(options.who + JSON.stringify(message)); if (message === 'bad') throw new Error('cannot'); });
    return { status() { context.siblings.send(options.what); return { workers: context.siblings.workers }; } };
  `);
  const hosts: Tested[] = [];
  const sender = (from: number) => (instance: string, body: string) =>
    hosts.forEach(({ host }, index) => {
      if (index !== from) host.receive(instance, body);
    });
  const one = await start({ 'a.ts': source }, { send: sender(0) });
  const two = await start({}, { send: sender(1), folder: one.folder });
  hosts.push(one, two);
  const config = { ...plain([{ use: './a.ts', options: { who: 'other: ', what: { n: 1 } } }]), workers: 2 };
  await one.prepare(config);
  await two.prepare();
  expect(one.host.status()[0]?.status).toEqual({ workers: 2 });
  expect(one.notes()).toEqual(['other: {"n":1}']);
  await one.prepare({ ...plain([{ use: './a.ts', options: { who: 'o: ', what: 'bad' } }]), workers: 2 });
  await two.prepare();
  one.host.status();
  expect(two.log.lines.map(({ message }) => message)).toContain(
    'a plugin failed at a message of another worker',
  );
});

test('a message to siblings has a bound', async () => {
  const tested = await start({
    'a.ts': plugin(`return { status() { context.siblings.send('x'.repeat(65536)); return {}; } };`),
  });
  await tested.prepare(plain(['./a.ts']));
  expect(tested.host.status()[0]?.status?.['error']).toContain('a message to other workers is longer than');
});

test('a service is that of the same place, else that of the first, and goes with its plugin', async () => {
  const tested = await start({
    'a.ts': plugin('return { provide: { name: options.name } };'),
    'b.ts': plugin("return { status: () => ({ name: String(context.service('name')) }) };"),
  });
  const offer = (name: string) => ({ use: './a.ts', options: { name } });
  const found = () => tested.host.status().find(({ use }) => use === './b.ts')?.status?.['name'];
  await tested.prepare(plain([offer('one'), offer('two')], [offer('three'), './b.ts']));
  expect(found()).toBe('three');
  await tested.prepare(plain([offer('one'), offer('two')], ['./b.ts']));
  expect(found()).toBe('one');
  await tested.prepare(plain([], ['./b.ts']));
  expect(found()).toBe('undefined');
});

test('a watched file is told of when it is written over, replaced and gone, until the instance is closed', async () => {
  const tested = await start({
    'a.ts': plugin(
      `context.watch('./list.txt', () => { note('changed'); throw new Error('cannot'); }); return {};`,
    ),
    'list.txt': 'one',
  });
  const list = join(tested.folder, 'list.txt');
  const snapshot = await tested.prepare(plain(['./a.ts']));
  const changes = (count: number) => poll(() => tested.notes().length === count);
  await writeFile(list, 'two');
  await changes(1);
  await writeFile(`${list}.new`, 'six');
  await rename(`${list}.new`, list);
  await changes(2);
  await rename(list, `${list}.old`);
  await changes(3);
  expect(tested.log.lines.map(({ message }) => message)).toContain(
    'a plugin failed at a change of a watched file',
  );
  await tested.prepare(plain([]));
  tested.host.release(snapshot);
});

test('faults are counted and logged with their place, five a second at most', async () => {
  const tested = await start({ 'a.ts': plugin('return { request() {} };') });
  const { instances } = await tested.prepare(plain(['./a.ts']));
  for (let time = 0; time < 20; time++) instances[0]?.failed('request', new Error('oops'));
  expect(tested.host.status()).toMatchObject([
    { name: 'noter', faults: { request: 20 }, lastFault: 'request: Error: oops', isResting: false },
  ]);
  expect(tested.log.lines.filter(({ message }) => message === 'a plugin failed')).toHaveLength(5);
});
