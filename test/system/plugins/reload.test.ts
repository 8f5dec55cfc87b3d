import { get } from 'node:http';
import { expect, test, vi } from 'vitest';

import { fetchPlugins } from '../../../core/admin/client.ts';
import { webConfig } from '../../support/configs.ts';
import { isAlive } from '../../support/is-alive.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { teller, told } from '../../support/teller-plugin.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

const refused = 'reload refused; what was served goes on';

// Each test starts a Tidegate of its own, and some of them two workers.
vi.setConfig({ testTimeout: 60_000 });

async function start(
  files: Readonly<Record<string, string>>,
  options: {
    readonly workers?: number;
    readonly plugins?: readonly unknown[];
    readonly backend?: string;
  } = {},
): Promise<TidegateProcess> {
  const { workers = 1, plugins = ['./teller.ts'], backend } = options;
  const config = webConfig({ workers, plugins, ...(backend === undefined ? {} : { backend }) });
  return runTidegate({ files: { 'tidegate.config.yaml': config, ...files }, workers: 'real' });
}

async function rewrite(tidegate: TidegateProcess, name: string, text: string) {
  const line = tidegate.nextLine('reloaded');
  await tidegate.write(name, text);
  return line;
}

/** Of which versions instances were closed; a new one is tried, and closed, where nobody is served. */
function closed(tidegate: TidegateProcess, from = 0): unknown[] {
  return tidegate.lines.slice(from).flatMap(({ msg, text }) => (msg === 'teller closed' ? [text] : []));
}

test('a changed plugin takes over in every worker, and the old instances are closed', async () => {
  const tidegate = await start({ 'teller.ts': teller('one') }, { workers: 2 });
  expect(await told(tidegate)).toMatchObject({ text: 'one', word: 'none' });
  const from = tidegate.lines.length;
  const line = await rewrite(tidegate, 'teller.ts', teller('two'));
  expect(line['changes']).toEqual([`plugin ${tidegate.folder}/teller.ts changed`]);
  const seen = new Set<number>();
  await poll(async () => {
    const { text, pid } = await told(tidegate);
    expect(text).toBe('two');
    return seen.add(pid).size === 2;
  });
  await poll(() => closed(tidegate, from).filter((text) => text === 'one').length === 2);
});

test('so does one of which a file that it imports has changed', async () => {
  const source = teller('one').replace("'one', word", 'text, word');
  const importing = `import { text } from './text.ts';\n${source}`;
  const tidegate = await start({ 'teller.ts': importing, 'text.ts': `export const text = 'imported';\n` });
  expect(await told(tidegate)).toMatchObject({ text: 'imported' });
  await rewrite(tidegate, 'text.ts', `export const text = 'changed';\n`);
  expect(await told(tidegate)).toMatchObject({ text: 'changed' });
});

test('changed options make another instance, and what else changes leaves it as it is', async () => {
  const tidegate = await start({ 'teller.ts': teller('one') });
  const first = await told(tidegate);
  await rewrite(
    tidegate,
    'tidegate.config.yaml',
    webConfig({ workers: 1, plugins: ['./teller.ts'], upstreams: ['more'] }),
  );
  expect((await told(tidegate)).born).toBe(first.born);
  const line = await rewrite(
    tidegate,
    'tidegate.config.yaml',
    webConfig({
      workers: 1,
      plugins: [{ use: './teller.ts', options: { word: 'new' } }],
      upstreams: ['more'],
    }),
  );
  expect(line['changes']).toEqual(['listener web: plugin ./teller.ts options changed']);
  const second = await told(tidegate);
  expect(second.word).toBe('new');
  expect(second.born).not.toBe(first.born);
});

test('an exchange under way finishes with the version that it began with, which closes after it', async () => {
  const backend = await startBackend();
  const tidegate = await start({ 'teller.ts': teller('one') }, { backend: backend.address });
  const url = await tidegate.url();
  const arrived = backend.slow();
  const answered = new Promise<string>((resolve, reject) => {
    get(`${url}/slow`, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.headers['x-text'])));
    }).on('error', reject);
  });
  const pending = await arrived;
  await rewrite(tidegate, 'teller.ts', teller('two'));
  expect((await told(tidegate)).text).toBe('two');
  const { plugins } = await fetchPlugins(tidegate.configFile);
  expect(plugins.map(({ name }) => name)).toEqual(['teller', 'teller']);
  expect(closed(tidegate)).not.toContain('one');
  pending.end('late');
  expect(await answered).toBe('one');
  await tidegate.line('teller closed', (line) => line['text'] === 'one');
  expect((await fetchPlugins(tidegate.configFile)).plugins).toHaveLength(1);
});

test('one that takes too long to come about refuses the reload, and ends with the worker that tried it', async () => {
  const tidegate = await start(
    { 'teller.ts': teller('one') },
    { plugins: [{ use: './teller.ts', createTimeout: '300ms' }] },
  );
  const line = tidegate.nextLine(refused);
  await tidegate.write(
    'teller.ts',
    teller('slow', { create: 'await new Promise((go) => setTimeout(go, 1000));' }),
  );
  expect(String((await line)['problems'])).toContain('was not created within 300 ms');
  const { pid } = await tidegate.line('teller created', (each) => each['text'] === 'slow');
  await poll(() => !isAlive(Number(pid)));
  expect((await told(tidegate)).text).toBe('one');
});

test('instances are closed when Tidegate stops', async () => {
  const tidegate = await start({ 'teller.ts': teller('one') }, { workers: 2 });
  tidegate.kill('SIGTERM');
  expect(await tidegate.exited).toEqual({ code: 0, signal: null });
  expect(tidegate.lines.filter(({ msg }) => msg === 'teller closed')).toHaveLength(2);
});
