import { expect, test } from 'vitest';
import { loadSandbox, requestOf } from './load-sandbox.ts';

async function answerOf(body: string, before = ''): Promise<unknown> {
  const { script } = await loadSandbox(
    `declare const globalThis: any; ${before} export default defineRules({ request(req: any): any { ${body} } });`,
    { timeLimitMs: 200 },
  );
  return script.request(requestOf('/'));
}

test('nothing of Node and nothing of the host can be reached', async () => {
  const names =
    'process require module Buffer global fetch setTimeout setInterval setImmediate tidegateHost tidegateCalls WebAssembly SharedArrayBuffer Atomics FinalizationRegistry';
  const answer = await answerOf(`
    const roots = [globalThis, req, req.headers, req.client, console, console.log, next(), new Error(), Promise.resolve()];
    const found = [];
    for (const root of roots) {
      const outer = root.constructor.constructor('return globalThis')();
      for (const name of '${names}'.split(' ')) if (name in outer) found.push(name);
      if (outer !== globalThis) found.push('another global object');
    }
    return respond(found.join(' '));`);
  expect(answer).toMatchObject({ kind: 'respond', body: '' });
});

test('dynamic imports and Error.prepareStackTrace lead nowhere', async () => {
  const answer = await answerOf(`
    let seen = 'none';
    Error.prepareStackTrace = (error, sites) => sites.map((site) => { const self = site.getThis(); return typeof self?.process; }).join();
    const stack = String(new Error('x').stack);
    if (stack.includes('object')) seen = 'host object';
    return respond(seen);`);
  expect(answer).toMatchObject({ body: 'none' });
  expect(await answerOf(`eval("import('node:fs')");`)).toEqual({
    kind: 'fault',
    reason: expect.stringContaining('Not supported'),
  });
});

test('polluted prototypes change nothing on the host', async () => {
  const answer = await answerOf(`
    Object.defineProperty(Object.prototype, 'kind', { get: () => 'polluted', configurable: true });
    Array.prototype.push = function () { return 0; };
    Array.prototype.includes = () => true;
    Object.defineProperty(Array.prototype, 'toJSON', { value: () => ['deny', 0, 200] });
    RegExp.prototype.test = () => true;
    String.prototype.startsWith = () => true;
    return forward('site', { setHeaders: { 'x-a': '1' } });`);
  // Whatever it decides about its own requests: what arrives is checked, and this process is untouched.
  expect(answer).toMatchObject({ kind: 'fault' });
  expect(Object.hasOwn(Object.prototype, 'kind')).toBe(false);
  expect([1].includes(2)).toBe(false);
});

test.each([
  ['a status below its range', '["deny",0,200]', 'the status is not 400 to 599: 200'],
  ['a status that is no integer', '["deny",0,403.5]', 'the status is not 400 to 599'],
  ['an unknown kind', '["explode",0]', 'unknown kind'],
  ['a line break in a header', String.raw`["next",0,["set","x","a\r\nb: c"]]`, 'no header may carry'],
  ['a line break in a name', String.raw`["next",0,["set","x\r\n","a"]]`, 'is no header name'],
  [
    'a header of the framing',
    '["next",0,["set","Content-Length","1"]]',
    'the proxy itself writes the "content-length" header',
  ],
  ['a target with a space', '["forward",0,[],"site","/a b",null]', 'is no path to forward to'],
  ['a target with a fragment', '["forward",0,[],"site","/a#b",null]', 'is no path to forward to'],
  ['a host with a path', '["forward",0,[],"site",null,"a/b"]', 'is no host'],
  ['a location with a line break', String.raw`["redirect",0,"/a\r\nSet-Cookie: x",302]`, 'is no location'],
  ['a body where there is none', '["respond",0,204,[],"x"]', 'an answer of status 204 has no body'],
  ['headers that are no list', '["respond",0,200,{"a":"b"},"x"]', 'no list of headers'],
  ['no JSON', '["deny"', 'JSON'],
  ['no array', '{"kind":"deny"}', 'no decision'],
])('%s is a fault', async (_name, json, reason) => {
  const answer = await answerOf(
    `return respond();`,
    `globalThis.JSON.stringify = () => ${JSON.stringify(json)};`,
  );
  // The runtime keeps its own reference to JSON.stringify, so the script has to get in between.
  const direct = await answerOf(
    `return respond();`,
    `Object.defineProperty(globalThis, 'tidegateCalls', { set(calls) { Object.defineProperty(globalThis, 'tidegateCalls', { value: { ...calls, request: () => ${JSON.stringify(json)} }, configurable: true }); }, configurable: true });`,
  );
  expect(answer).toMatchObject({ kind: 'respond' });
  expect(direct).toEqual({ kind: 'fault', reason: expect.stringContaining(reason) });
});

test('an invented number and an endless body are faults', async () => {
  const replaced = (result: string): string =>
    `Object.defineProperty(globalThis, 'tidegateCalls', { set(calls) { Object.defineProperty(globalThis, 'tidegateCalls', { value: { ...calls, request: () => ${result} }, configurable: true }); }, configurable: true });`;
  expect(await answerOf('', replaced('77'))).toMatchObject({
    kind: 'fault',
    reason: expect.stringContaining('unknown number'),
  });
  expect(await answerOf('', replaced('-1'))).toMatchObject({ kind: 'fault' });
  expect(await answerOf('', replaced('NaN'))).toMatchObject({ kind: 'fault' });
  expect(await answerOf('', replaced('({})'))).toMatchObject({ kind: 'fault' });
  expect(await answerOf(`return respond('x'.repeat(2 ** 20 + 1));`)).toMatchObject({
    kind: 'fault',
    reason: expect.stringContaining('1048577 bytes'),
  });
});
