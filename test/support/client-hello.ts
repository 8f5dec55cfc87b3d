import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';

/** What a client with these options says first. */
export async function clientHello(options: ConnectionOptions = {}): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect({ port: address.port, host: '127.0.0.1', servername: 'one.test', ...options });
  client.on('error', () => {});
  const [accepted]: Socket[] = await once(server, 'connection');
  if (accepted === undefined) throw new Error('no connection');
  const [hello]: Buffer[] = await once(accepted, 'data');
  client.destroy();
  accepted.destroy();
  server.close();
  if (hello === undefined) throw new Error('no hello');
  return hello;
}

/** The same message in records of so many bytes each. */
export function inRecordsOf(bytes: number, hello: Buffer): Buffer {
  const header = hello.subarray(0, 3);
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    const fragment = message.subarray(at, at + bytes);
    records.push(header, Buffer.from([fragment.length >> 8, fragment.length & 0xff]), fragment);
  }
  return Buffer.concat(records);
}

/** The same hello with these bytes instead of `one.test`, which is as long. */
export function withName(hello: Buffer, name: Buffer): Buffer {
  const at = hello.indexOf('one.test');
  if (at === -1 || name.length !== 'one.test'.length) throw new Error('no such name');
  const changed = Buffer.from(hello);
  name.copy(changed, at);
  return changed;
}
