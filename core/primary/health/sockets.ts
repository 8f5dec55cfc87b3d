import type { SocketProbeConfig } from '../../shared/health-types.ts';
import { readAgentAnswer } from './agent-answer.ts';
import { Conversation } from './conversation.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

/** `tcp` and `tls`: a connection comes about; and where an answer is expected, it holds that text. */
export function probeSocket(
  target: CheckTarget,
  { send, expect }: SocketProbeConfig,
  done: (result: ProbeResult) => void,
): RunningProbe {
  const awaits = 'the expected answer did not come';
  return new Conversation(
    target,
    {
      opening: send,
      awaits,
      judge(received, ended) {
        if (expect === null) return { ok: true, reason: 'connected' };
        if (received.includes(expect)) return { ok: true, reason: 'answered as expected' };
        return ended ? { ok: false, reason: awaits } : null;
      },
    },
    done,
  );
}

/** HAProxy's agent check: the backend says in one line how it is. */
export function probeAgent(
  target: CheckTarget,
  { send }: SocketProbeConfig,
  done: (result: ProbeResult) => void,
): RunningProbe {
  return new Conversation(
    target,
    {
      opening: send,
      awaits: 'no answer of the agent',
      judge(received, ended) {
        const end = received.search(/[\r\n]/);
        if (end !== -1) return readAgentAnswer(received.slice(0, end));
        return ended && received !== '' ? readAgentAnswer(received) : null;
      },
    },
    done,
  );
}
