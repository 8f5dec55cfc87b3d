/** What `tidegate explain` says; with `--json` it is printed as it is. */
export interface Explanation {
  readonly request: { readonly method: string; readonly url: string; readonly clientAddress: string };
  /** In the order in which the proxy takes them, up to the one that settled it. */
  readonly steps: readonly Step[];
  readonly outcome: Outcome;
}

export interface Step {
  readonly step:
    'listener' | 'request' | 'redirect' | 'plugins' | 'rule' | 'shadow' | 'route' | 'upstream' | 'backend';
  readonly text: string;
  /** Why, one reason each. */
  readonly details: readonly string[];
}

export type Outcome =
  | { readonly kind: 'forward'; readonly upstream: string; readonly backend: string; readonly target: string }
  | { readonly kind: 'answer'; readonly status: number; readonly reason: string };

/** For people: a line for each step with its reasons below. */
export function renderExplanation({ request, steps, outcome }: Explanation): string {
  const lines = [`${request.method} ${request.url} from ${request.clientAddress}`, ''];
  for (const { step, text, details } of steps) {
    lines.push(`${step.padEnd(10)}${text}`, ...details.map((detail) => `${' '.repeat(12)}${detail}`));
  }
  lines.push('', renderOutcome(outcome));
  return `${lines.join('\n')}\n`;
}

function renderOutcome(outcome: Outcome): string {
  if (outcome.kind === 'answer') return `→ answered with ${outcome.status}: ${outcome.reason}`;
  return `→ ${outcome.target} goes to ${outcome.backend} (upstream ${outcome.upstream})`;
}
