import { once } from 'node:events';
import { createGunzip } from 'node:zlib';
import { expect, test } from 'vitest';
import compress from '../../../../plugins/builtin/compress/compress.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

test('what an event stream has sent has left when it pauses', async () => {
  await using tested = await testPlugin(compress);
  const { pieces } = await tested.request(
    { headers: { 'Accept-Encoding': 'gzip' } },
    {
      headers: { 'Content-Type': 'text/event-stream' },
      body: ['data: 1\n\n', null, 'data: 2\n\n', null, null],
    },
  );
  const unpacked = createGunzip();
  unpacked.setEncoding('utf8');
  let text = '';
  unpacked.on('data', (piece: string) => (text += piece));
  // The last piece is what ends the format: all events are in those before it.
  for (const piece of pieces.slice(0, -1)) unpacked.write(piece);
  while (text.length < 18) await once(unpacked, 'data');
  expect(text).toBe('data: 1\n\ndata: 2\n\n');
});

test('a pause between two pieces of a known length costs nothing', async () => {
  await using tested = await testPlugin(compress);
  const packed = async (body: (string | null)[]) => {
    const headers = { 'Content-Type': 'text/plain', 'Content-Length': '2000' };
    return (await tested.request({ headers: { 'Accept-Encoding': 'gzip' } }, { headers, body })).body;
  };
  const half = 'a'.repeat(1000);
  expect(await packed([half, null, half, null])).toEqual(await packed([half, half]));
});
