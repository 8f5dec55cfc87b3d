import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { entry, site, startProxy } from '../http1/setup.ts';
import type { DataPath } from '../../support/data-path.ts';

const text = {
  serialize: (value: string): Buffer => Buffer.from(value),
  deserialize: (bytes: Buffer): string => bytes.toString(),
};

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  };
}

const service = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
};

interface Calls {
  cancelled: number;
  deadlines: number[];
}

/** A gRPC server and a client of it, with the proxy between. */
async function startGrpc(): Promise<{ client: Client; proxy: DataPath; calls: Calls }> {
  const calls: Calls = { cancelled: 0, deadlines: [] };
  const unary: handleUnaryCall<string, string> = (call, reply) => {
    call.on('cancelled', () => (calls.cancelled += 1));
    const deadline = call.getDeadline();
    if (typeof deadline === 'number' && Number.isFinite(deadline)) calls.deadlines.push(deadline);
    if (call.request === 'wait') return;
    if (call.request === 'fail') {
      const metadata = new Metadata();
      metadata.set('x-why', 'because');
      reply({ code: status.FAILED_PRECONDITION, details: 'not now', metadata });
    } else reply(null, `${call.request} ${call.metadata.get('x-token').join(' ')}`);
  };
  const upload: handleClientStreamingCall<string, string> = (call, reply) => {
    const parts: string[] = [];
    call.on('data', (part: string) => parts.push(part));
    call.on('end', () => reply(null, parts.join('+')));
  };
  const download: handleServerStreamingCall<string, string> = (call) => {
    call.on('cancelled', () => (calls.cancelled += 1));
    for (let i = 0; i < 3; i++) call.write(`${call.request}${i}`);
    if (call.request !== 'endless') call.end();
  };
  const chat: handleBidiStreamingCall<string, string> = (call) => {
    call.on('data', (part: string) => call.write(part.toUpperCase()));
    call.on('end', () => call.end());
  };
  const server = new Server();
  server.addService(service, { unary, upload, download, chat });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  const proxy = await startProxy({
    listener: { http2: true },
    upstreams: site([port], { protocol: 'h2c' }),
  });
  const client = new Client(`127.0.0.1:${proxy.port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  return { client, proxy, calls };
}

function callUnary(
  client: Client,
  request: string,
  options: { deadline?: number; metadata?: Metadata } = {},
): Promise<{ error: ServiceError | null; answer: string | undefined }> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      service.unary.path,
      text.serialize,
      text.deserialize,
      request,
      options.metadata ?? new Metadata(),
      options.deadline === undefined ? {} : { deadline: options.deadline },
      (error, answer) => resolve({ error, answer }),
    );
  });
}

test('a unary call, with metadata', async () => {
  const { client } = await startGrpc();
  const metadata = new Metadata();
  metadata.set('x-token', 'secret');
  expect((await callUnary(client, 'hello', { metadata })).answer).toBe('hello secret');
});

test('an error arrives with its code, details and trailers', async () => {
  const { client } = await startGrpc();
  const { error } = await callUnary(client, 'fail');
  expect([error?.code, error?.details, error?.metadata.get('x-why')]).toEqual([
    status.FAILED_PRECONDITION,
    'not now',
    ['because'],
  ]);
});

test('an unknown method: an answer that is trailers alone', async () => {
  const { client } = await startGrpc();
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest('/test.Echo/None', text.serialize, text.deserialize, 'x', resolve);
  });
  expect(error?.code).toBe(status.UNIMPLEMENTED);
});

test('a stream of requests', async () => {
  const { client } = await startGrpc();
  const answer = await new Promise<string | undefined>((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      service.upload.path,
      text.serialize,
      text.deserialize,
      (error: ServiceError | null, value?: string) => (error === null ? resolve(value) : reject(error)),
    );
    for (const part of ['a', 'b', 'c']) call.write(part);
    call.end();
  });
  expect(answer).toBe('a+b+c');
});

test('a stream of answers', async () => {
  const { client } = await startGrpc();
  const call = client.makeServerStreamRequest(service.download.path, text.serialize, text.deserialize, 'n');
  const parts: string[] = [];
  call.on('data', (part: string) => parts.push(part));
  await new Promise((resolve) => call.on('end', resolve));
  expect(parts).toEqual(['n0', 'n1', 'n2']);
});

test('streams in both directions, in turns', async () => {
  const { client } = await startGrpc();
  const call = client.makeBidiStreamRequest(service.chat.path, text.serialize, text.deserialize);
  const heard: string[] = [];
  const ended = new Promise((resolve) => call.on('end', resolve));
  call.on('data', (part: string) => {
    heard.push(part);
    if (heard.length < 5) call.write(`m${heard.length}`);
    else call.end();
  });
  call.write('m0');
  await ended;
  expect(heard).toEqual(['M0', 'M1', 'M2', 'M3', 'M4']);
});

test('a deadline is told to the server, and ends the call on both sides', async () => {
  const { client, calls } = await startGrpc();
  const deadline = Date.now() + 300;
  const { error } = await callUnary(client, 'wait', { deadline });
  expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
  await poll(() => calls.cancelled === 1);
  expect(Math.abs((calls.deadlines[0] ?? 0) - deadline)).toBeLessThan(250);
});

test('a client that cancels cancels at the server', async () => {
  const { client, proxy, calls } = await startGrpc();
  const call = client.makeServerStreamRequest(
    service.download.path,
    text.serialize,
    text.deserialize,
    'endless',
  );
  const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve));
  call.once('data', () => call.cancel());
  const error = await ended;
  expect('code' in error ? error.code : null).toBe(status.CANCELLED);
  await poll(() => calls.cancelled === 1);
  expect((await entry(proxy)).error).toBe('client-abort');
});
