import type { HeaderEdit, RequestDecision } from '../shared/rule-script.ts';

export function describeDecision(decision: RequestDecision): string {
  switch (decision.kind) {
    case 'next':
      return 'next';
    case 'forward': {
      const target = decision.target === null ? '' : `, target ${decision.target}`;
      const key = decision.key === undefined ? '' : `, key ${JSON.stringify(decision.key)}`;
      return `forward to ${decision.upstream}${target}${decision.host === null ? '' : `, host ${decision.host}`}${key}`;
    }
    case 'redirect':
      return `redirect ${decision.status} to ${decision.location}`;
    case 'respond':
      return `respond ${decision.status}`;
    case 'deny':
      return `deny ${decision.status}`;
    case 'fault':
      return 'fault';
  }
}

/** What a rule changes of the request's headers. */
export function editsOf(decision: RequestDecision): readonly HeaderEdit[] {
  return decision.kind === 'next' || decision.kind === 'forward' ? decision.edits : [];
}

/** A line for each. */
export function describeEdits(edits: readonly HeaderEdit[]): string[] {
  return edits.map((edit) =>
    edit.op === 'delete'
      ? `removes ${edit.name}`
      : `${edit.op === 'set' ? 'sets' : 'adds'} ${edit.name}: ${edit.value}`,
  );
}

export function answerReason(
  decision: Extract<RequestDecision, { kind: 'redirect' | 'respond' | 'deny' }>,
): string {
  switch (decision.kind) {
    case 'redirect':
      return `a redirect to ${decision.location}`;
    case 'respond':
      return 'the rule answers itself';
    case 'deny':
      return 'the rule denied it';
  }
}
