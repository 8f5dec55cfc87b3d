import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const RELOADS = 500;
/** A version that stays holds this much, five hundred of them 200 MB. */
const BALLAST_BYTES = 400_000;

const plugin = (version: number): string => `
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { definePlugin, textAnswer } from 'tidegate/plugins';

const ballast = Array.from({ length: ${BALLAST_BYTES / 8} }, (_, index) => index + ${version} / 7);

export default definePlugin({
  name: 'heavy',
  options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  create(_, context) {
    context.watch('./tidegate.config.yaml', () => undefined);
    context.siblings.onMessage(() => undefined);
    return {
      request({ request }) {
        if (request.path !== '/heap') return undefined;
        setFlagsFromString('--expose-gc');
        const gc = runInNewContext('gc');
        for (let time = 0; time < 5; time++) gc();
        return textAnswer(200, JSON.stringify({ version: ${version}, heap: process.memoryUsage().heapUsed, ballast: ballast.length }));
      },
      close() {},
    };
  },
});
`;

test(`${RELOADS} versions of a plugin, one after the other: the heap of the worker stays as it is`, async () => {
  const backend = await startBackend();
  const config = webConfig({ backend: backend.address, workers: 1, plugins: ['./heavy.ts'] });
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config, 'heavy.ts': plugin(1) },
    workers: 'real',
  });
  const url = await tidegate.url();
  const heap = async (version: number): Promise<number> => {
    const found = JSON.parse(await (await fetch(`${url}/heap`)).text());
    expect(found.version).toBe(version);
    return Number(found.heap);
  };
  let settled = 0;
  for (let version = 2; version <= RELOADS + 1; version++) {
    await tidegate.write('heavy.ts', plugin(version));
    const reloaded = tidegate.nextLine('reloaded');
    tidegate.kill('SIGHUP');
    await reloaded;
    if (version === 50) settled = await heap(version);
  }
  expect((await heap(RELOADS + 1)) - settled).toBeLessThan(10 * BALLAST_BYTES);
}, 900_000);
