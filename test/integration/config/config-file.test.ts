import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findConfig, loadConfig } from '../../../core/config/load.ts';
import { configFolder } from '../../support/config-folder.ts';

describe('the config file', () => {
  test.each(['ts', 'js', 'mjs', 'json', 'yaml', 'yml'])('tidegate.config.%s is found', async (extension) => {
    const folder = await configFolder({ [`tidegate.config.${extension}`]: '', 'tidegate.config.txt': '' });
    expect(await findConfig(folder)).toEqual({
      ok: true,
      file: join(folder, `tidegate.config.${extension}`),
    });
  });

  test('two of them are refused', async () => {
    const folder = await configFolder({ 'tidegate.config.yaml': '', 'tidegate.config.ts': '' });
    const message =
      'expected one config file, found tidegate.config.ts and tidegate.config.yaml: remove one, or name one';
    expect(await findConfig(folder)).toMatchObject({
      ok: false,
      problems: [{ file: folder, path: '', message }],
    });
  });

  test('none, or no folder, is told', async () => {
    const folder = await configFolder({ 'other.yaml': '' });
    for (const place of [folder, join(folder, 'nowhere')]) {
      expect(await findConfig(place)).toMatchObject({
        ok: false,
        problems: [
          { message: expect.stringContaining('expected a config file, found none of tidegate.config.ts') },
        ],
      });
    }
  });

  test('one that is not there is a problem, and watched', async () => {
    const file = join(await configFolder({}), 'c.yaml');
    expect(await loadConfig(file)).toEqual({
      ok: false,
      problems: [{ file, path: '', message: 'expected a config file, found no such file' }],
      inputs: [file],
    });
  });

  test('one of another kind is refused', async () => {
    const file = join(await configFolder({ 'c.toml': '' }), 'c.toml');
    expect(await loadConfig(file)).toMatchObject({
      ok: false,
      problems: [
        { message: 'expected a config file ending in .ts, .js, .mjs, .json, .yaml or .yml, found "c.toml"' },
      ],
    });
  });
});
