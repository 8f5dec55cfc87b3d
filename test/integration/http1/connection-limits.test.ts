import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test.each([{ connections: 2 }, { connectionsPerClient: 2 }])(
  'over %o a connection is turned away with 503 until one ends',
  async (limits) => {
    const backend = await startRawBackend();
    const proxy = await startProxy({ listener: { limits }, backendPort: backend.port });
    const first = await connectRaw(proxy.port);
    const second = await connectRaw(proxy.port);
    await first.request(get('/'));
    await second.request(get('/'));
    const third = await connectRaw(proxy.port);
    const refused = await third.answer();
    expect([refused.status, refused.header('connection')]).toEqual([503, 'close']);
    await third.end();
    expect([proxy.service.counters.connections, proxy.service.counters.refused]).toEqual([2, 1]);
    first.socket.destroy();
    await poll(() => proxy.service.counters.connections === 1);
    expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(200);
  },
);
