import { expect, test } from 'vitest';
import { requestReload } from '../../../core/admin/client.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const config = (...names: readonly string[]): string =>
  JSON.stringify({
    listeners: names.map((name) => ({ name, address: '127.0.0.1:0', rules: `./${name}.ts` })),
    workers: 1,
  });

const rules = (name: string): string =>
  `import { defineRules, respond } from 'tidegate/rules';\nexport default defineRules({ request: () => respond('${name}') });\n`;

async function ask(url: string): Promise<string> {
  const client = await connectRaw(Number(new URL(url).port));
  return (await client.request(get('/'))).body;
}

test('listeners at port 0 of one address have a port each, and keep it over a reload', async () => {
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config('a', 'b'), 'a.ts': rules('a'), 'b.ts': rules('b') },
    workers: 'real',
  });
  const [first, second] = [await tidegate.url('a'), await tidegate.url('b')];
  expect(first).not.toBe(second);
  expect([await ask(first), await ask(second)]).toEqual(['a', 'b']);
  await tidegate.write('tidegate.config.yaml', config('b', 'a'));
  expect(await requestReload(tidegate.configFile)).toMatchObject({ ok: true });
  expect([await ask(first), await ask(second)]).toEqual(['a', 'b']);
});
