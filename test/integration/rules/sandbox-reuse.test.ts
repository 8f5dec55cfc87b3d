import { expect, test } from 'vitest';
import { loadSandbox, requestOf, UNHURRIED } from './load-sandbox.ts';

const counter =
  'let count = 0; export default defineRules({ request() { return respond(String(++count)); } });';

test('the same bundle with the same lists keeps its isolate, until its last user lets go', async () => {
  const { host, script, bundle } = await loadSandbox(counter, UNHURRIED);
  expect(script.request(requestOf('/'))).toMatchObject({ body: '1' });
  const again = await host.load(bundle, {});
  expect(again).toEqual({ ok: true, script });
  host.release(script);
  expect(script.request(requestOf('/'))).toMatchObject({ body: '2' });
  host.release(script);
  expect(script.request(requestOf('/'))).toEqual({ kind: 'fault', reason: 'the script is not loaded' });
  expect(host.status()).toEqual([]);
});

test('other lists want another isolate', async () => {
  const { host, script, bundle } = await loadSandbox(counter, UNHURRIED, { a: ['10.0.0.0/8'] });
  const other = await host.load(bundle, { a: ['10.0.0.0/9'] });
  if (!other.ok) throw new Error('not loaded');
  expect(other.script).not.toBe(script);
  expect(other.script.id).toBe(script.id);
});

test('many loads and releases one after the other', async () => {
  const { host, bundle } = await loadSandbox(counter, UNHURRIED);
  for (let round = 0; round < 20; round++) {
    const loaded = await host.load({ ...bundle, id: `round ${round}` }, {});
    if (!loaded.ok) throw new Error('not loaded');
    expect(loaded.script.request(requestOf('/'))).toMatchObject({ body: '1' });
    host.release(loaded.script);
  }
});
