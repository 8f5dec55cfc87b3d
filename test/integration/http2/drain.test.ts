import { expect, test } from 'vitest';
import { Flag, FrameType } from '../../../core/http2/frame-types.ts';
import { data, frame, frameClient, GET, headers, POST, windowUpdate } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';

const listener = { http2: true };

test('at a drain streams finish, those on their way included, and the connection ends after the last', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  client.send(headers(1, GET));
  const first = await backend.request(0);
  const drained = proxy.drain();
  await client.frame(FrameType.GoAway);
  const lastIds = (): number[] =>
    client.frames
      .filter(({ type }) => type === FrameType.GoAway)
      .map(({ payload }) => payload.readUInt32BE(0));
  expect(lastIds()).toEqual([2 ** 31 - 1]);
  // On its way before the client has seen the first GOAWAY.
  client.send(headers(3, GET));
  const second = await backend.request(1);
  const ping = await client.frame(FrameType.Ping);
  client.send(frame(FrameType.Ping, Flag.Ack, 0, ping.payload));
  await poll(() => lastIds().length === 2);
  expect(lastIds()[1]).toBe(3);
  client.send(headers(5, GET));
  expect(await client.reset(5)).toBe(7);
  expect(client.closed).toBe(false);
  first.reply(ok('one'));
  second.reply(ok('two'));
  expect((await client.answer(1)).body).toBe('one');
  expect((await client.answer(3)).body).toBe('two');
  await client.waitForClose();
  client.end();
  await drained;
});

test('a request that comes too late for a drain is refused with its body, and the others finish', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const client = await frameClient(proxy.port);
  client.send(headers(1, GET));
  const request = await backend.request(0);
  const drained = proxy.drain();
  const ping = await client.frame(FrameType.Ping);
  client.send(frame(FrameType.Ping, Flag.Ack, 0, ping.payload));
  client.send(headers(3, POST, false), data(3, 'x', false), windowUpdate(3, 1000), data(3, 'y'));
  expect(await client.reset(3)).toBe(7);
  request.reply(ok('one'));
  expect((await client.answer(1)).body).toBe('one');
  expect(await client.goAway()).toBe(0);
  await client.waitForClose();
  client.end();
  await drained;
});

test('an idle connection ends at a drain even if the client answers nothing', async () => {
  const proxy = await startProxy({ listener });
  const client = await frameClient(proxy.port);
  await client.frame(FrameType.Settings);
  const drained = proxy.drain();
  await client.waitForClose();
  client.end();
  await drained;
});
