// Loads the bundle in the file that its first argument names, and calls it; the second argument says whether each call is announced.
import { readFileSync } from 'node:fs';
import { RuleHost } from '../../../rules/evaluate.ts';

const [, , file = '', trace] = process.argv;
const host = new RuleHost({
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  onFault: () => {},
  lastWords: true,
  trace: trace === 'trace',
});
const loaded = await host.load(JSON.parse(readFileSync(file, 'utf8')), {});
if (loaded.ok) {
  loaded.script.request({
    method: 'GET',
    scheme: 'http',
    host: 'a',
    target: '/',
    path: '/',
    clientAddress: '127.0.0.1',
    head: '',
  });
}
await host.close();
