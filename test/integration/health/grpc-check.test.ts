import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificate } from '../../support/certificates.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { probe } from './probe.ts';

const service = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Buffer): Buffer => value,
    requestDeserialize: (bytes: Buffer): Buffer => bytes,
    responseSerialize: (value: Buffer): Buffer => value,
    responseDeserialize: (bytes: Buffer): Buffer => bytes,
  },
};

/** A gRPC server whose health service answers with these bytes, or fails. Its own service is called `shop`. */
async function startGrpc(
  answer: Buffer | null,
  credentials = ServerCredentials.createInsecure(),
): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server = new Server();
  server.addService(service, {
    check: (call: { request: Buffer }, reply: (error: object | null, value?: Buffer) => void) => {
      asked.push(call.request.toString('latin1'));
      if (answer === null) reply({ code: status.NOT_FOUND, details: 'unknown service' });
      else reply(null, answer);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, asked };
}

const SERVING = Buffer.from([8, 1]);

test('SERVING is up, of the server as a whole or of one service', async () => {
  const { address, asked } = await startGrpc(SERVING);
  expect(await probe(address, { type: 'grpc' })).toEqual({ ok: true, reason: 'SERVING' });
  expect(await probe(address, { type: 'grpc', service: 'shop' })).toEqual({ ok: true, reason: 'SERVING' });
  expect(asked).toEqual(['', '\n\x04shop']);
});

test('a long name', async () => {
  const { address, asked } = await startGrpc(SERVING);
  expect(await probe(address, { type: 'grpc', service: 'x'.repeat(300) })).toMatchObject({ ok: true });
  expect(asked).toEqual([`\n\xac\x02${'x'.repeat(300)}`]);
});

test.each([
  [[], 'UNKNOWN'],
  [[8, 2], 'NOT_SERVING'],
  [[8, 3], 'SERVICE_UNKNOWN'],
  [[8, 99], 'an unknown serving status'],
])('%j is down: %s', async (bytes, reason) => {
  const { address } = await startGrpc(Buffer.from(bytes));
  expect(await probe(address, { type: 'grpc' })).toEqual({ ok: false, reason });
});

test('an error of gRPC is down', async () => {
  const { address } = await startGrpc(null);
  expect(await probe(address, { type: 'grpc', service: 'none' })).toEqual({
    ok: false,
    reason: 'grpc-status 5: unknown service',
  });
});

test('a server without the health service is down', async () => {
  const server = new Server();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  expect(await probe(`127.0.0.1:${port}`, { type: 'grpc' })).toMatchObject({
    ok: false,
    reason: expect.stringContaining('grpc-status 12'),
  });
});

test('over TLS', async () => {
  const { cert, key } = certificate('local');
  const credentials = ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) },
  ]);
  const { address } = await startGrpc(SERVING, credentials);
  const upstream = { protocol: 'h2', tls: { ca: '/ca.pem' } };
  expect(await probe(address, { type: 'grpc' }, upstream, { '/ca.pem': authority })).toEqual({
    ok: true,
    reason: 'SERVING',
  });
});

test('a server that is not there is down', async () => {
  expect(await probe(`127.0.0.1:${await unusedPort()}`, { type: 'grpc' })).toEqual({
    ok: false,
    reason: 'connection refused',
  });
});
