// Decisions of a rule, many times over: node --no-node-snapshot bench/rule-call.ts [DECISIONS [PER_CALL]]
// PER_CALL: how many requests go into the sandbox in one call, as those of one turn of the event loop do.
import { compileRules } from '../rules/compile.ts';
import { RuleHost } from '../rules/evaluate.ts';
import type { RuleRequest } from '../core/shared/rule-script.ts';
import { requestHeaders } from './load/request-headers.ts';
import { benchRule } from './peers/tidegate.ts';

const decisions = Number(process.argv[2] ?? 500_000);
const perCall = Number(process.argv[3] ?? 1);
const compiled = await compileRules({
  script: benchRule,
  timeLimitMs: 10,
  memoryLimitBytes: 32 * 2 ** 20,
  onError: 'deny',
  shadow: null,
});
if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
let faults = 0;
const onFault = (): void => void faults++;
const host = new RuleHost({ log: silent, onFault, lastWords: false, trace: false });
const loaded = await host.load(compiled.bundle, {});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const { script } = loaded;

/** Every request differs, so that nothing can be remembered from the one before. */
function request(index: number): RuleRequest {
  const target = `/items/${index % 1000}?page=2`;
  const lines = [['Host', '127.0.0.1:8080'], ...requestHeaders, ['X-Number', String(index % 1000)]];
  return {
    method: 'GET',
    scheme: 'http',
    host: '127.0.0.1:8080',
    target,
    path: `/items/${index % 1000}`,
    clientAddress: '127.0.0.1',
    head: lines.map(([name, value]) => `${name}: ${value}`).join('\r\n'),
  };
}

const requests = Array.from({ length: 1000 }, (_, index) => request(index));

function decide(count: number): void {
  for (let index = 0; index < count;) {
    const from = index % (requests.length - perCall);
    const result = script.decideAll(requests.slice(from, from + perCall), false);
    if (result.kind !== 'decided') continue;
    const wrong = result.decisions.find(({ kind }) => kind !== 'forward');
    if (wrong !== undefined) throw new Error(`expected a forward, found ${wrong.kind}`);
    index += result.decisions.length;
  }
}

decide(100_000);
faults = 0;
const started = performance.now();
const before = process.cpuUsage();
decide(decisions);
const spent = process.cpuUsage(before);
const result = {
  cpuMicroseconds: (spent.user + spent.system) / decisions,
  wallMicroseconds: ((performance.now() - started) * 1000) / decisions,
  faults,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
script.release();
await host.close();
