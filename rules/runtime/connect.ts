import { ConnectionHandle } from './connection.ts';
import { MadeDecision, type Parts } from './decisions.ts';
import type { Rules } from './define-rules.ts';
import { describe, isThenable, promiseReturned } from './returned.ts';

/** What crosses back (see `rules/connection-bridge.ts`), and where in the script it was decided. */
export interface Connected {
  readonly result: number | string;
  readonly stack: string;
}

const { stringify } = JSON;

/** Calls the `connect` handler. Throws what it throws, and a TypeError for what it must not return. `bytes`: Latin-1; null: not asked for. */
export function connect(rules: Rules, text: string, bytes: string | null): Connected {
  const connection = new ConnectionHandle(text, bytes);
  const returned: unknown = rules.connect?.(connection);
  if (returned === undefined) return { result: 0, stack: '' };
  const decision = MadeDecision.of(returned);
  if (decision === undefined) throw notADecision(returned);
  const result = encode(MadeDecision.parts(decision), connection, bytes);
  return { result, stack: MadeDecision.stack(decision) };
}

function encode(parts: Parts, connection: ConnectionHandle, bytes: string | null): number | string {
  switch (parts.kind) {
    case 'next':
      return 0;
    case 'forward': {
      const option = httpOptionOf(parts);
      if (option !== null)
        throw new TypeError(
          `forward: there is no request whose ${option} could change: a connection is forwarded with \`key\` and \`priority\` only`,
        );
      return stringify(['forward', 0, parts.upstream, parts.key, parts.priority]);
    }
    case 'inspect':
      if (connection.protocol === 'udp')
        throw new TypeError('inspect: `conn.bytes` is the whole first datagram: no more comes with it');
      if (bytes !== null && parts.bytes <= bytes.length)
        throw new TypeError(
          `inspect: the ${parts.bytes} bytes asked for are within the ${bytes.length} of \`conn.bytes\`: ask for more of them, or decide`,
        );
      return stringify(['inspect', 0, parts.bytes, parts.timeoutMs]);
    case 'deny':
      if (parts.status !== null)
        throw new TypeError('deny: a connection is closed without an answer, so there is no status: deny()');
      return stringify(['deny', 0]);
    case 'redirect':
    case 'respond':
      throw new TypeError(
        `${parts.kind}: a connection has no request to answer: the \`connect\` handler returns what forward, deny, inspect or next makes`,
      );
  }
}

/** The first option of `forward` that is about a request. */
function httpOptionOf(parts: Extract<Parts, { kind: 'forward' }>): string | null {
  if (parts.path !== null) return 'path';
  if (parts.host !== null) return 'host';
  return parts.edits.length > 0 ? 'header fields' : null;
}

function notADecision(returned: unknown): TypeError {
  if (isThenable(returned)) return promiseReturned('connect');
  return new TypeError(
    `the \`connect\` handler returned ${describe(returned)}: it returns what forward, deny, inspect or next makes, or nothing`,
  );
}
