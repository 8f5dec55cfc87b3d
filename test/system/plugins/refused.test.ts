import { afterEach, expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { teller, told } from '../../support/teller-plugin.ts';
import { sharedTidegate } from '../../support/tidegate-process.ts';

const files = {
  'tidegate.config.yaml': webConfig({ workers: 1, plugins: ['./teller.ts'] }),
  'teller.ts': teller('one'),
};
const refused = 'reload refused; what was served goes on';
const shared = sharedTidegate({ files, workers: 'real' });

afterEach(async () => {
  const reloaded = shared().nextLine('reloaded');
  for (const [name, text] of Object.entries(files)) await shared().write(name, text);
  await reloaded;
});

test.each([
  ['does not parse', 'export default {', /teller\.ts:1:\d+: /],
  ['imports what is not there', `import './gone.ts';\n${teller('two')}`, /teller\.ts:1:8: Could not resolve/],
  [
    'has no default export',
    'export const x = 1;\n',
    /no default export: it must `export default definePlugin/,
  ],
  [
    'exports something else',
    'export default 5;\n',
    /teller\.ts: expected `export default definePlugin.*found a number/,
  ],
  [
    'awaits at its top level',
    `await 1;\n${teller('two')}`,
    /teller\.ts:1:1: .*cannot await at its top level/,
  ],
  [
    'throws when it is loaded',
    `${teller('two')}\nnull.x;\n`,
    /teller\.ts:\d+:\d+: the plugin cannot be loaded: TypeError/,
  ],
  [
    'throws in create',
    teller('two', { create: "throw new Error('no luck');" }),
    /teller\.ts:\d+:\d+: plugin \.\/teller\.ts at listener web could not be created: Error: no luck/,
  ],
  [
    'creates nothing',
    teller('two', { create: 'return 7;' }),
    /teller\.ts: plugin \.\/teller\.ts at listener web gave no hooks/,
  ],
  [
    'misspells a hook',
    teller('two', { hooks: 'reqest() {},' }),
    /gave an unknown hook `reqest`; did you mean `request`\?/,
  ],
])('a new version that %s: the old one goes on serving', async (_, text, problem) => {
  const tidegate = shared();
  const { born } = await told(tidegate);
  const line = tidegate.nextLine(refused);
  await tidegate.write('teller.ts', text);
  expect(String((await line)['problems'])).toMatch(problem);
  expect(await told(tidegate)).toMatchObject({ text: 'one', born });
});

test('wrong options are told with their place in the config', async () => {
  const tidegate = shared();
  const line = tidegate.nextLine(refused);
  await tidegate.write(
    'tidegate.config.yaml',
    webConfig({ workers: 1, plugins: [{ use: './teller.ts', options: { word: 5 } }] }),
  );
  expect(String((await line)['problems'])).toMatch(
    /tidegate\.config\.yaml listeners\[0\]\.plugins\[0\]\.options\.word: .*string/,
  );
  expect(await told(tidegate)).toMatchObject({ word: 'none' });
});
