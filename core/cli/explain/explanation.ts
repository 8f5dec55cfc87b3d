import { shownPath } from '../problems.ts';
import type { ScriptPlace } from '../sandbox/messages.ts';

/** What `tidegate explain` says; with `--json` it is printed as it is. */
export type Explanation = RequestExplanation | ConnectionExplanation;

export interface RequestExplanation {
  readonly request: { readonly method: string; readonly url: string; readonly clientAddress: string };
  /** In the order in which the proxy takes them, up to the one that settled it. */
  readonly steps: readonly Step[];
  readonly outcome: RequestOutcome;
}

export interface ConnectionExplanation {
  readonly connection: {
    /** `tcp://HOST:PORT`, `udp://HOST:PORT` */
    readonly url: string;
    readonly clientAddress: string;
    readonly clientPort: number;
  };
  readonly steps: readonly Step[];
  readonly outcome: ConnectionOutcome;
}

export interface Step {
  readonly step:
    | 'listener'
    | 'request'
    | 'redirect'
    | 'plugins'
    | 'tls'
    | 'rule'
    | 'shadow'
    | 'route'
    | 'upstream'
    | 'backend';
  readonly text: string;
  /** Why, one reason each. */
  readonly details: readonly string[];
}

export type RequestOutcome =
  | { readonly kind: 'forward'; readonly upstream: string; readonly backend: string; readonly target: string }
  | { readonly kind: 'answer'; readonly status: number; readonly reason: string };

export type ConnectionOutcome =
  | { readonly kind: 'forward'; readonly upstream: string; readonly backend: string }
  /** `end`: as in the access log. */
  | { readonly kind: 'close'; readonly end: 'denied' | 'failed'; readonly reason: string };

/** For people: a line for each step with its reasons below. */
export function renderExplanation(explanation: Explanation): string {
  const lines = [headline(explanation), ''];
  for (const { step, text, details } of explanation.steps) {
    lines.push(`${step.padEnd(10)}${text}`, ...details.map((detail) => `${' '.repeat(12)}${detail}`));
  }
  lines.push('', `→ ${renderOutcome(explanation)}`);
  return `${lines.join('\n')}\n`;
}

function headline(explanation: Explanation): string {
  if ('request' in explanation) {
    const { method, url, clientAddress } = explanation.request;
    return `${method} ${url} from ${clientAddress}`;
  }
  const { url, clientAddress, clientPort } = explanation.connection;
  return `${url} from ${clientAddress} port ${clientPort}`;
}

function renderOutcome(explanation: Explanation): string {
  if ('request' in explanation) {
    const { outcome } = explanation;
    if (outcome.kind === 'answer') return `answered with ${outcome.status}: ${outcome.reason}`;
    return `${outcome.target} goes to ${outcome.backend} (upstream ${outcome.upstream})`;
  }
  const { outcome, connection } = explanation;
  if (outcome.kind === 'forward') return `goes to ${outcome.backend} (upstream ${outcome.upstream})`;
  return `${connection.url.startsWith('udp') ? 'dropped' : 'closed'}: ${outcome.reason}`;
}

/** `, at rules/site.ts:4:12`, or nothing. */
export function placeOf(at: ScriptPlace | null): string {
  return at === null ? '' : `, at ${shownPath(at.file)}:${at.line}:${at.column}`;
}
