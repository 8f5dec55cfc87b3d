import { createServer } from 'node:https';
import { expect, test } from 'vitest';
import { AcmeConnection } from '../../../certs/acme-connection.ts';
import { notAborted } from '../../support/acme-issuer.ts';
import { authority, certificate } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';

test('many certificates with something to ask at once do not flood the CA', async () => {
  let [running, most] = [0, 0];
  const server = createServer(certificate('local'), (_, outgoing) => {
    running += 1;
    most = Math.max(most, running);
    setImmediate(() => {
      running -= 1;
      outgoing.end('{}');
    });
  });
  const port = await listenForTest(server, () => server.closeAllConnections());
  const connection = new AcmeConnection(authority);
  const asked = Array.from({ length: 200 }, () =>
    connection.getJson(`https://127.0.0.1:${port}/`, notAborted),
  );
  await Promise.all(asked);
  expect(most).toBeLessThanOrEqual(10);
  expect((await connection.getJson(`https://127.0.0.1:${port}/`, notAborted)).value).toEqual({});
});

test('who waits for a place and gives up is told so, and takes none', async () => {
  const server = createServer(certificate('local'), () => {});
  const port = await listenForTest(server, () => server.closeAllConnections());
  const connection = new AcmeConnection(authority);
  const given = new AbortController();
  const asked = Array.from({ length: 20 }, () =>
    connection.getJson(`https://127.0.0.1:${port}/`, given.signal),
  );
  given.abort();
  for (const each of await Promise.allSettled(asked))
    expect(each).toMatchObject({ status: 'rejected', reason: { kind: 'aborted' } });
});
