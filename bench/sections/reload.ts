import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Section } from '../bench.ts';
import { endLoad, startLoad } from '../load/load.ts';
import { startTidegate } from './start-tidegate.ts';

const cli = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));

/** Reloads under load, each with a changed rule script: what do clients notice? */
export async function measureReload(bench: Bench): Promise<Section> {
  const reloads = bench.options.quick ? 5 : 100;
  const rule = path.join(bench.folder, 'reload-rule.ts');
  await writeFile(rule, ruleVersion(0));
  const tidegate = await startTidegate(bench, 'reload', { rules: rule });
  const load = await startLoad(bench.children, bench.cores.load, {
    port: tidegate.port,
    path: '/',
    connections: 64,
    seconds: 1800,
  });
  const times: number[] = [];
  for (let version = 1; version <= reloads; version++) {
    await writeFile(rule, ruleVersion(version));
    const started = performance.now();
    const args = [cli, 'reload', '--config', path.join(tidegate.folder, 'tidegate.config.json')];
    const command = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
    await command.finish(60);
    times.push(performance.now() - started);
    if (version % 10 === 0) bench.progress(`${version} reloads`);
  }
  const result = await endLoad(load);
  await tidegate.child.stop();
  const failed = result.socketErrors + result.errorAnswers;
  const sorted = times.toSorted((a, b) => a - b);
  return {
    title: 'Reloads under load',
    method:
      `64 connections keep asking while \`tidegate reload\` runs ${reloads} times, each time with a changed rule script (a new isolate). ` +
      'Failed: broken or refused connections, timeouts, and answers of 400 or more.',
    table: {
      head: ['reloads', 'median ms each', 'requests meanwhile', 'requests/s', 'p99 ms', 'failed'],
      rows: [
        [
          String(reloads),
          Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0).toString(),
          String(result.requests),
          Math.round(result.requests / result.seconds).toString(),
          result.p99Ms.toFixed(2),
          String(failed),
        ],
      ],
    },
    bars: [{ what: `Failed requests during ${reloads} reloads`, measured: failed, most: 0, unit: '' }],
    notes: [],
  };
}

function ruleVersion(version: number): string {
  return `import { defineRules, next } from 'tidegate/rules';
export default defineRules({
  request(req) {
    req.headers.set('x-version', '${version}');
    return next();
  },
});
`;
}
