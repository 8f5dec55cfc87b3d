import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';

import { describe, expect, test } from 'vitest';
import { Http01Solver } from '../../../certs/http-01.ts';
import { PostedChallenges } from '../../../certs/posted-challenges.ts';
import { TlsAlpn01Solver } from '../../../certs/tls-alpn-01.ts';
import { certificate } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';

const challenge = { name: 'one.test', token: 'the-token', keyAuthorization: 'the-token.thumb' };
const { signal } = new AbortController();
const posted = (): PostedChallenges => new PostedChallenges({ set: async () => {} });

describe('our own look over HTTP', () => {
  test.each([
    ['another answer', 200, 'other', 'something else'],
    ['no answer', 404, 'none', 'status 404'],
    ['an answer without end', 200, 'x'.repeat(1_000_000), 'too long'],
  ])('finds %s', async (_, status, body, found) => {
    const server = createServer((__, outgoing) => outgoing.writeHead(status).end(body));
    const port = await listenForTest(server, () => server.closeAllConnections());
    const solver = new Http01Solver(posted(), () => ({ host: '127.0.0.1', port }));
    const failure = await solver.present(challenge, signal).catch(String);
    expect(failure).toContain(found);
    expect(failure).not.toContain(challenge.token);
  });

  test('asks by the name, and takes what was posted', async () => {
    const asked: unknown[] = [];
    const server = createServer((incoming, outgoing) => {
      asked.push([incoming.headers.host, incoming.url]);
      outgoing.end(challenge.keyAuthorization);
    });
    const port = await listenForTest(server, () => server.closeAllConnections());
    await new Http01Solver(posted(), () => ({ host: '127.0.0.1', port })).present(challenge, signal);
    expect(asked).toEqual([['one.test', '/.well-known/acme-challenge/the-token']]);
  });
});

describe('our own look in a handshake', () => {
  test.each([
    ['another certificate', ['acme-tls/1'], 'found another one'],
    ['no acme-tls/1', undefined, 'found no acme-tls/1'],
  ])('finds %s', async (_, protocols, found) => {
    const server = createTlsServer({
      ...certificate('one'),
      ...(protocols === undefined ? {} : { ALPNProtocols: protocols }),
    });
    server.on('secureConnection', (socket) => socket.on('error', () => {}));
    const port = await listenForTest(server);
    const solver = new TlsAlpn01Solver(posted(), () => ({ host: '127.0.0.1', port }));
    await expect(solver.present(challenge, signal)).rejects.toThrow(found);
  });

  test('says so where nothing listens', async () => {
    const solver = new TlsAlpn01Solver(posted(), () => ({ host: '127.0.0.1', port: 1 }));
    await expect(solver.present(challenge, signal)).rejects.toThrow('ECONNREFUSED');
  });
});

test('a board that nobody takes over does not hold up who gives up', async () => {
  const stop = new AbortController();
  const stuck = new PostedChallenges({ set: () => new Promise(() => {}) });
  const solver = new Http01Solver(stuck, () => ({ host: '127.0.0.1', port: 1 }));
  const presented = solver.present(challenge, stop.signal);
  stop.abort();
  await expect(presented).rejects.toMatchObject({ kind: 'aborted' });
});
