// Loads a rule script, then ends as the second argument says while the sandbox is still there.
import { readFileSync } from 'node:fs';
import { RuleHost } from '../../../rules/evaluate.ts';

const [, , file = '', how] = process.argv;
const host = new RuleHost({
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  onFault: () => {},
  lastWords: false,
  trace: false,
});
await host.load(JSON.parse(readFileSync(file, 'utf8')), {});
if (how === 'throw') throw new Error('nobody catches this');
process.exit(3);
