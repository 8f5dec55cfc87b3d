import { createHash, randomBytes } from 'node:crypto';
import type { WebSocketProbeConfig } from '../../shared/health-types.ts';
import { Conversation } from './conversation.ts';
import { HeadReader, requestText } from './http.ts';
import { quoted } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

/** RFC 6455 4.2.2. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** An empty Close frame, masked with zeros (RFC 6455 5.5.1). */
const CLOSE = '\x88\x80\0\0\0\0';

/** A WebSocket is opened, and closed again. */
export function probeWebSocket(
  target: CheckTarget,
  probe: WebSocketProbeConfig,
  done: (result: ProbeResult) => void,
): RunningProbe {
  const key = randomBytes(16).toString('base64');
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const opening = requestText(target, { ...probe, method: 'GET' }, [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
  ]);
  const heads = new HeadReader();
  return new Conversation(
    target,
    {
      opening,
      farewell: CLOSE,
      protocols: ['http/1.1'],
      awaits: 'no answer to the handshake',
      judge(received) {
        try {
          const found = heads.read(received, 'GET');
          if (found === null) return null;
          const { head, upgrade } = found.answer;
          if (head.status !== 101) return { ok: false, reason: `status ${head.status}` };
          if (upgrade !== 'websocket' || head.headers.get('sec-websocket-accept') !== accept)
            return { ok: false, reason: 'the handshake was answered wrongly' };
          return { ok: true, reason: 'handshake done' };
        } catch (error) {
          return {
            ok: false,
            reason: `a malformed answer: ${quoted(error instanceof Error ? error.message : '')}`,
          };
        }
      },
    },
    done,
  );
}
