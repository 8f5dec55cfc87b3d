import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

test('a field that CGI would take for one of the proxy, spelt with underscores, reaches no backend', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  await (
    await connectRaw(proxy.port)
  ).request(
    get(
      '/',
      'X_Forwarded_For: 10.0.0.1',
      'X-Forwarded_Proto: https',
      'Content_Length: 5',
      'X_Request_Id: 1',
      'my_own: kept',
    ),
  );
  const received = backend.requests[0];
  for (const name of ['x_forwarded_for', 'x-forwarded_proto', 'content_length', 'x_request_id']) {
    expect([name, received?.header(name)]).toEqual([name, null]);
  }
  expect(received?.header('my_own')).toBe('kept');
});
