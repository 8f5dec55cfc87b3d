import type { ProbeResult } from './probe.ts';
import { quoted } from './probe.ts';

const OPERATION: Readonly<Record<string, boolean>> = {
  up: true,
  down: false,
  fail: false,
  failed: false,
  stopped: false,
};
const STATES = { ready: 'ready', drain: 'drain', maint: 'maintenance' } as const;

/**
 * Reads a line of HAProxy's agent-check protocol: words such as `up`, `down`, `drain`, `maint`, `ready`
 * and `75%`, and behind `#` (or behind `down`, `failed`, `stopped`) what it is about. Words that mean
 * nothing to us (`maxconn:30`) are passed over; a line without any that does is a bad check.
 */
export function readAgentAnswer(line: string): ProbeResult {
  const [words = '', ...comment] = line.split('#');
  let isKnown = false;
  let ok = true;
  let reportedState: ProbeResult['reportedState'];
  let reportedWeight: number | undefined;
  for (const word of words.toLowerCase().split(/[\s,]+/)) {
    const percent = /^(\d{1,5})%$/.exec(word)?.[1];
    if (percent !== undefined) reportedWeight = Number(percent);
    else if (Object.hasOwn(OPERATION, word)) ok = OPERATION[word] ?? ok;
    else if (word === 'ready' || word === 'drain' || word === 'maint') reportedState = STATES[word];
    else continue;
    isKnown = true;
  }
  if (!isKnown) return { ok: false, reason: `the agent says nothing known: ${quoted(line)}` };
  const about = comment.length === 0 ? words : `${words}: ${comment.join('#').trim()}`;
  return {
    ok,
    reason: `the agent says ${quoted(about)}`,
    ...(reportedState === undefined ? {} : { reportedState }),
    ...(reportedWeight === undefined ? {} : { reportedWeight }),
  };
}
