import { once } from 'node:events';
import { expect, test } from 'vitest';
import { statusOf } from '../../support/status.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import type { TlsClient } from '../../support/tls-client.ts';
import { connectTo, expectAnswer, httpsFiles } from '../../integration/tls/processes.ts';

type Version = 'TLSv1.2' | 'TLSv1.3';

/** A session of a first connection. */
async function session(tidegate: TidegateProcess, maxVersion: Version): Promise<Buffer> {
  const client = await connectTo(tidegate, { maxVersion });
  const known = client.tls.getSession();
  // TLS 1.3 sends the ticket after the handshake.
  const ticket: Buffer =
    maxVersion === 'TLSv1.2' && known !== undefined ? known : (await once(client.tls, 'session'))[0];
  await expectAnswer(client);
  return ticket;
}

function resume(tidegate: TidegateProcess, ticket: Buffer, maxVersion: Version): Promise<TlsClient> {
  return connectTo(tidegate, { session: ticket, maxVersion });
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session is resumed by whichever worker takes the connection, and after a reload (%s)',
  async (version) => {
    const tidegate = await runTidegate({ workers: 'real', files: httpsFiles('one', { workers: 2 }) });
    const ticket = await session(tidegate, version);
    // Held open, so that both workers take some of them.
    const clients = await Promise.all(Array.from({ length: 10 }, () => resume(tidegate, ticket, version)));
    expect(clients.map(({ tls }) => tls.isSessionReused())).toEqual(clients.map(() => true));
    await Promise.all(clients.map(expectAnswer));
    const status = await tidegate.command('reload');
    expect(status.status).toBe(0);
    const again = await resume(tidegate, ticket, version);
    expect(again.tls.isSessionReused()).toBe(true);
    await expectAnswer(again);
  },
);

test('a worker that replaces a dead one knows the key, too', async () => {
  const tidegate = await runTidegate({ workers: 'real', files: httpsFiles('one', { workers: 1 }) });
  const ticket = await session(tidegate, 'TLSv1.3');
  const [worker] = (await statusOf(tidegate)).workers;
  const ready = tidegate.nextLine('worker ready');
  process.kill(worker?.pid ?? -1, 'SIGKILL');
  await ready;
  expect((await resume(tidegate, ticket, 'TLSv1.3')).tls.isSessionReused()).toBe(true);
});
