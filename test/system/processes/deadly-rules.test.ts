import { expect, test } from 'vitest';

import { webConfig } from '../../support/configs.ts';
import { poll } from '../../support/poll.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const deadly = (statement: string): string => `import { defineRules, next } from 'tidegate/rules';
export default defineRules({ request(req) { if (req.path === '/kill') { ${statement} } return next(); } });
`;

/**
 * Two for which nobody is blamed (the worker that serves and the spare one behind it), then two of
 * workers that name what they call.
 */
const mostDeaths = 4;

test.each([
  { name: 'a built-in that no interrupt stops', statement: 'new Array(1e9).fill(0);' },
  { name: 'a fatal error of V8', statement: `'x'.repeat(2 ** 29 - 30).split('');` },
])(
  '$name: other requests go on within a second, and after the quarantine no worker dies of it',
  async ({ statement }) => {
    const backend = await startBackend();
    const tidegate = await runTidegate({
      files: {
        'tidegate.config.yaml': webConfig({
          backend: backend.address,
          rules: './site.ts',
          workers: 1,
          more: 'log: { level: debug }',
        }),
        'site.ts': deadly(''),
      },
      workers: 'real',
    });
    const url = await tidegate.url();
    await tidegate.write('site.ts', deadly(statement));
    await tidegate.line('reloaded');

    const ask = async (path: string): Promise<string> =>
      (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).text();
    const logged = (message: string): number => tidegate.lines.filter(({ msg }) => msg === message).length;
    while (logged('other rules took over') === 0) {
      const deaths = logged('worker died');
      expect(deaths).toBeLessThan(mostDeaths);
      await poll(() => logged('spare worker up') > deaths);
      const started = performance.now();
      await expect(ask('/kill')).rejects.toThrow();
      expect(await poll(() => ask('/'))).toBe('ok');
      // `npm run bench -- --only faults` holds it to one second, on a machine that does nothing else.
      expect(performance.now() - started).toBeLessThan(5000);
      await tidegate.line(
        'worker died',
        undefined,
        tidegate.lines.findLastIndex(({ msg }) => msg === 'spare worker up'),
      );
      await poll(() => logged('worker ready') > deaths);
    }
    const rules = (await statusOf(tidegate)).rules.filter(({ quarantined }) => quarantined !== null);
    expect(rules.map(({ file }) => file)).toEqual([`${tidegate.folder}/site.ts`]);

    // The version before serves, for which the path is like any other.
    const deaths = logged('worker died');
    for (let request = 0; request < 3; request++) expect(await ask('/kill')).toBe('ok');
    expect(logged('worker died')).toBe(deaths);
  },
);
