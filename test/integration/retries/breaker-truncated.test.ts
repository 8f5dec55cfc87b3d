import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

test.each([200, 500])(
  'answers (%i) that break off in the middle open a circuit, each counted once',
  async (status) => {
    const backend = await startRawBackend((request) => {
      request.reply(`HTTP/1.1 ${status} Some\r\nContent-Length: 100\r\n\r\nhalf`);
      request.connection.socket.end();
    });
    const circuitBreaker = { failures: 3, errorRatio: 1, minRequests: 1000 };
    const proxy = await startProxy({ upstreams: site([backend.port], { circuitBreaker }) });
    const circuit = proxy.upstreams.get('site')?.backends[0]?.runtime.circuit;
    for (let i = 1; i <= 3; i++) {
      expect(circuit?.phase).toBe('closed');
      const client = await connectRaw(proxy.port);
      client.send(get('/'));
      await client.end().catch(() => {});
      await entry(proxy, i);
    }
    expect(circuit?.phase).toBe('open');
  },
);
