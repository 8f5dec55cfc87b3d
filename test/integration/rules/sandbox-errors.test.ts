import { expect, test } from 'vitest';
import { compileText, loadSandbox, requestOf } from './load-sandbox.ts';

test('what a handler throws is logged with the line of the TypeScript file', async () => {
  const { script, file, logs, faults } = await loadSandbox(`
interface Unused { a: string }

function inner(): never {
  throw new RangeError('no luck');
}
export default defineRules({ request() { inner(); } });`);
  expect(script.request(requestOf('/'))).toEqual({
    kind: 'fault',
    reason: `the \`request\` handler failed: RangeError: no luck (at ${file}:5:9)`,
  });
  expect(logs).toEqual([`error the \`request\` handler failed: RangeError: no luck (at ${file}:5:9)`]);
  expect(faults).toEqual([]);
});

test.each([
  ['a string', `'site' as never`, 'returned the string "site"'],
  ['an object', '({ kind: "forward" }) as never', 'returned an object'],
  ['a promise', 'Promise.resolve(next()) as never', 'returned a promise: async handlers are not supported'],
  ['a function', '(() => next()) as never', 'returned a function'],
])('%s is no decision', async (_name, value, reason) => {
  const { script } = await loadSandbox(`export default defineRules({ request() { return ${value}; } });`);
  expect(script.request(requestOf('/'))).toMatchObject({
    kind: 'fault',
    reason: expect.stringContaining(reason),
  });
});

test.each([
  ['null', 'throw null;'],
  ['a proxy', `throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 1; } });`],
  ['a rejection that nobody handles', `void Promise.reject(new Error('alone'));`],
  ['an endless recursion', 'const again = (): number => again() + 1; again();'],
])('%s costs its own request only', async (_name, body) => {
  const { script } = await loadSandbox(
    `export default defineRules({ request(req) { if (req.path === '/bad') { ${body} } return deny(); } });`,
    { timeLimitMs: 200 },
  );
  expect(script.request(requestOf('/bad'))).toMatchObject({ kind: 'fault' });
  expect(script.request(requestOf('/'))).toEqual({ kind: 'deny', status: 403 });
});

test('a failing response handler is a fault, or leaves the answer alone', async () => {
  const text = `export default defineRules({ response() { throw new Error('x'); }, log() { throw new Error('x'); }, pick() { return 9; } });`;
  const { script } = await loadSandbox(text);
  expect(script.response(200, '', requestOf('/'))).toBe('fault');
  expect(script.log('{}')).toBe(true);
  const candidate = {
    address: 'a',
    weight: 1,
    health: 'up',
    inFlight: 0,
    requests: 0,
    errors: 0,
    latency: null,
  } as const;
  expect(script.pick([candidate], requestOf('/'))).toBe(-1);
  const lenient = await loadSandbox(text, { onError: 'next' });
  expect(lenient.script.response(200, '', requestOf('/'))).toBeNull();
});

test.each([
  [
    'an async handler',
    'export default defineRules({ request: (async () => {}) as never });',
    'the handler `request` is an async function',
  ],
  [
    'an unknown handler',
    'export default defineRules({ accept() {} } as never);',
    'there is no handler `accept`',
  ],
  [
    'an export that defineRules did not make',
    'export default { request() {} };',
    'the script must `export default defineRules({ … })`',
  ],
  ['a top level that throws', `throw new Error('top'); export default defineRules({});`, 'top'],
])('%s is refused when the script is loaded', async (_name, text, message) => {
  await expect(loadSandbox(text)).rejects.toThrow(message);
});

test('a problem of the top level has its place', async () => {
  const { host } = await loadSandbox('export default defineRules({});');
  const { bundle, file } = await compileText('\n\nthrow new Error("top"); export default defineRules({});');
  expect(await host.load(bundle, {})).toEqual({
    ok: false,
    problems: [{ file, line: 3, column: 7, message: 'top' }],
  });
});
