import type { ConnectDecision } from '../shared/rule-script.ts';
import { formatSize } from '../shared/size.ts';

/** What of a TCP connection is there to be seen. */
export interface FirstBytesSeen {
  /** That the rule has seen already. */
  readonly bytes: number;
  /** No more will be: the client has ended, or the time for them is over. */
  readonly isAll: boolean;
  /** `limits.inspect`. */
  readonly maxBytes: number;
}

/**
 * Why a rule cannot have the bytes that it asks for, which is a fault; null where they may come. A script that asks again for what
 * it has, or what did not come, would never end.
 */
export function refusedInspection(
  { bytes }: Extract<ConnectDecision, { kind: 'inspect' }>,
  seen: FirstBytesSeen,
): string | null {
  if (bytes > seen.maxBytes)
    return `the rule asks for ${bytes} bytes, more than the listener's limits.inspect of ${formatSize(seen.maxBytes)}`;
  if (seen.isAll)
    return `the rule asks for ${bytes} bytes, of which it has seen all that came: ${seen.bytes}`;
  if (bytes <= seen.bytes) return `the rule asks for ${bytes} bytes, and has seen ${seen.bytes} already`;
  return null;
}
