import type { ProxyError } from '../shared/errors.ts';
import { udpFailure } from '../shared/udp-errors.ts';
import type { SendResult } from '../shared/udp-socket.ts';
import type { DropReason } from './connection-counters.ts';

/** Why a datagram was not passed to the kernel, and never will be; null: it was, or will be. */
export function notSent(result: SendResult): DropReason | null {
  if (result === 'sent' || result === 'waits') return null;
  if (result === 'no-room') return 'queue';
  return udpFailure(result) === 'too-large' ? 'too-large' : 'send-failed';
}

/** For a datagram that no backend was found for. */
export function dropReasonOf({ code }: ProxyError): DropReason {
  if (code === 'backend-connections-exhausted') return 'backend-full';
  return code === 'rule-fault' ? 'denied' : 'no-backend';
}
