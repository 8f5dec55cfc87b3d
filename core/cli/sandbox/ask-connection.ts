import { refusedInspection } from '../../layer4/inspection.ts';
import type { ConnectDecision, RuleConnection } from '../../shared/rule-script.ts';
import type { AskedConnection, ConnectAnswer, ScriptPlace } from './messages.ts';

/** The part of a script that is asked. */
interface Asked {
  connect(connection: RuleConnection): ConnectDecision;
  lastPosition(): ScriptPlace | null;
}

/**
 * Asks as the proxy does about a client that sends all its bytes at once, and no more: every call with its answer, of which the
 * last one settles it.
 */
export function askAboutConnection(
  script: Asked,
  { connection, sent, maxBytes }: AskedConnection,
): ConnectAnswer[] {
  const held = sent.slice(0, maxBytes);
  const answers: ConnectAnswer[] = [];
  let { bytes } = connection;
  let isAll = false;
  for (;;) {
    const decision = script.connect({ ...connection, bytes });
    const seen = bytes?.length ?? null;
    if (decision.kind !== 'inspect') return [...answers, { decision, at: script.lastPosition(), seen }];
    const at = script.lastPosition();
    const refused = refusedInspection(decision, { bytes: seen ?? 0, isAll, maxBytes });
    if (refused !== null) return [...answers, { decision: { kind: 'fault', reason: refused }, at, seen }];
    answers.push({ decision, at, seen });
    isAll = held.length < decision.bytes;
    bytes = held;
  }
}
