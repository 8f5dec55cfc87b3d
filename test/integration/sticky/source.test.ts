import { expect, test } from 'vitest';
import { connectRaw, get } from '../../support/raw-client.ts';
import { setState, startSticky, type StickyProxy } from './setup.ts';

const TRUST = { forwarded: { trust: ['127.0.0.1'] } };

async function bySource({ proxy }: StickyProxy, client: string): Promise<string> {
  return (await (await connectRaw(proxy.port)).request(get('/', `X-Forwarded-For: ${client}`))).body;
}

test('a client stays with its backend by its address, and moves only if that takes no requests', async () => {
  const running = await startSticky({ type: 'source' }, undefined, TRUST);
  const clients = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`);
  const before = new Map<string, string>();
  for (const client of clients) before.set(client, await bySource(running, client));
  expect(new Set(before.values())).toEqual(new Set(['0', '1', '2']));
  setState(running, 1, 'maintenance');
  for (const client of clients) {
    const backend = before.get(client);
    if (backend === '1') expect(await bySource(running, client)).not.toBe('1');
    else expect(await bySource(running, client)).toBe(backend);
  }
  setState(running, 1, 'ready');
  for (const client of clients) expect(await bySource(running, client)).toBe(before.get(client));
});
