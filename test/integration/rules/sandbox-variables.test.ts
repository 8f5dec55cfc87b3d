import { expect, test } from 'vitest';
import { RuleVariables } from '../../../core/shared/rule-variables.ts';
import { loadRules } from '../../../rules/testing.ts';
import { compileText, decisionOf, loadSandbox, requestOf, UNHURRIED } from './load-sandbox.ts';

const script = `export default defineRules({
  request(req) {
    const names = ['jwt.sub', 'n', 'yes', 'missing', 'toString', '__proto__'];
    return respond(JSON.stringify([names.map((name) => req.variables.get(name)), req.tls?.cipher ?? null, req.headers.get('host')]));
  },
  response(res, req) { res.headers.set('x-late', String(req.variables.get('late'))); },
});`;
const tls = JSON.stringify({ serverName: 'a', protocol: 'TLSv1.3', cipher: 'C', client: null });
const nothing = [null, null, null, null, null, null];

function variables(values: Record<string, string | number | boolean>): string {
  const all = new RuleVariables();
  for (const [name, value] of Object.entries(values)) all.set(name, value);
  return all.text;
}

test('a script reads what plugins have set, of its own request alone', async () => {
  const { script: loaded } = await loadSandbox(script, UNHURRIED);
  const sent = [
    requestOf('/a', { variables: variables({ 'jwt.sub': 'Zoë\n\t"x"', n: 3, yes: true }), tls }),
    requestOf('/b', { tls }),
    requestOf('/c', { variables: variables({ n: 0, yes: false }) }),
    requestOf('/d', { variables: '' }),
  ];
  const decisions = await Promise.all(sent.map((each) => decisionOf(loaded, each)));
  expect(
    decisions.map((each) => (each.kind === 'respond' ? (JSON.parse(each.body) as unknown) : each)),
  ).toEqual([
    [['Zoë\n\t"x"', 3, true, null, null, null], 'C', 'example.com'],
    [nothing, 'C', 'example.com'],
    [[null, 0, false, null, null, null], null, 'example.com'],
    [nothing, null, 'example.com'],
  ]);
});

test('the other handlers see what was set later', async () => {
  const { script: loaded } = await loadSandbox(script, UNHURRIED);
  const request = requestOf('/a', { variables: variables({ late: 'now' }) });
  expect(loaded.response(200, '', request)).toMatchObject({ edits: [{ name: 'x-late', value: 'now' }] });
});

test('a test of a script sets them', async () => {
  const { file } = await compileText(script);
  await using rules = await loadRules(file, { timeLimit: '1s' });
  const decision = await rules.request({ url: 'https://a.example/', variables: { 'jwt.sub': 'kim' } });
  expect(decision).toMatchObject({ body: expect.stringContaining('[["kim",null') });
});
