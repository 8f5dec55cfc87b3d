import { expect, test } from 'vitest';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { frame, frameClient } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { startProxy } from '../http1/setup.ts';

/** `GET http://a/`, all but the name of the host from the static table. */
const SMALL_GET = Buffer.from([0x82, 0x86, 0x84, 0x01, 1, 0x61]);

test('requests that are answered on the spot, thousands at once, leave others their turn', async () => {
  const proxy = await startProxy({ listener: { http2: true, redirectToHttps: true } });
  const client = await frameClient(proxy.port);
  await client.frame(FrameType.Settings);
  const count = 20_000;
  let most = 0;
  let before = 0;
  let isOver = false;
  const look = (): void => {
    most = Math.max(most, proxy.entries.length - before);
    before = proxy.entries.length;
    if (!isOver) setImmediate(look);
  };
  look();
  client.send(
    ...Array.from({ length: count }, (_, i) =>
      frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 2 * i + 1, SMALL_GET),
    ),
  );
  expect((await client.answer(2 * count - 1)).status).toBe('308');
  await poll(() => proxy.entries.length === count);
  isOver = true;
  expect(most).toBeLessThan(500);
});
