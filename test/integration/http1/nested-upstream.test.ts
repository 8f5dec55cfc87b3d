import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

test('a backend of a nested upstream is spoken to by the settings of that upstream', async () => {
  const silent = await startRawBackend(() => {});
  const proxy = await startProxy({
    upstreams: {
      site: { backends: [{ upstream: 'inner' }], timeouts: { response: '1h' }, retries: { attempts: 1 } },
      inner: {
        backends: [{ address: `127.0.0.1:${silent.port}` }],
        timeouts: { response: '50ms' },
      },
    },
  });
  const client = await connectRaw(proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect((await client.answerHead()).status).toBe(504);
  const { upstream, backend } = await entry(proxy);
  expect([upstream, backend]).toEqual(['site', `127.0.0.1:${silent.port}`]);
});
