import { expect, test } from 'vitest';
import { keptBodyBytes } from '../../../core/forward/request-body.ts';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

const BODY = 'x'.repeat(64 * 1024);
const CLIENTS = 560;
const MOST_BYTES = 32 * 1024 * 1024;

test('many clients with bodies that would be kept, and a backend that never answers: what is kept has a bound', async () => {
  let received = 0;
  const backend = await startRawBackend(async (request) => {
    await request.body();
    received += 1;
    await new Promise(() => {});
  });
  const proxy = await startProxy({ backendPort: backend.port });
  let most = 0;
  for (let i = 0; i < CLIENTS; i++) {
    const client = await connectRaw(proxy.port);
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`);
    most = Math.max(most, keptBodyBytes());
  }
  // Those beyond the bound pass all the same.
  await poll(() => received === CLIENTS);
  most = Math.max(most, keptBodyBytes());
  expect(most).toBeGreaterThan(MOST_BYTES - BODY.length);
  expect(most).toBeLessThanOrEqual(MOST_BYTES);
});
