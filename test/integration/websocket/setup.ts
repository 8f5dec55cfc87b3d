import { expect } from 'vitest';
import type { DataPath } from '../../support/data-path.ts';
import { startRawBackend, type BackendConnection } from '../../support/raw-backend.ts';
import { connectRaw, type RawClient } from '../../support/raw-client.ts';
import { ACCEPTED, HANDSHAKE } from '../../support/websocket-peers.ts';
import { startProxy } from '../http1/setup.ts';

/** A WebSocket between two ends that a test writes byte by byte. */
export interface RawWebSocket {
  readonly client: RawClient;
  readonly backend: BackendConnection;
  readonly proxy: DataPath;
}

export async function openRawWebSocket(
  webSocket: Readonly<Record<string, unknown>> = {},
): Promise<RawWebSocket> {
  const server = await startRawBackend((request) => request.reply(ACCEPTED));
  const proxy = await startProxy({ backendPort: server.port, listener: { webSocket } });
  const client = await connectRaw(proxy.port);
  client.send(HANDSHAKE);
  expect((await client.answerHead()).status).toBe(101);
  return { client, backend: (await server.request(0)).connection, proxy };
}

/** Close frames with code 1001, as a server and (masked with zeros) as a client sends them. */
export const CLOSE_1001 = '\x88\x02\x03\xe9';
export const CLIENT_CLOSE_1001 = '\x88\x82\0\0\0\0\x03\xe9';

/** Waits for a masked close frame and returns its code. */
export async function maskedCloseCode(backend: BackendConnection): Promise<number> {
  const frame = await backend.until(
    () => (backend.buffered.length >= 8 ? Buffer.from(backend.buffered, 'latin1') : null),
    'a close frame',
  );
  expect([...frame.subarray(0, 2)]).toEqual([0x88, 0x82]);
  return frame.readUInt16BE(6) ^ frame.readUInt16BE(2);
}
