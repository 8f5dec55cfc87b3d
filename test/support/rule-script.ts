import type { RuleScript } from '../../core/shared/rule-script.ts';

/** A rule script without a sandbox, that does what `handlers` do and nothing else. */
export function ruleScript(handlers: Partial<Pick<RuleScript, 'certificate'>>): RuleScript {
  return {
    id: 'test',
    file: '/rules.ts',
    handles: {
      request: false,
      response: false,
      log: false,
      pick: false,
      certificate: handlers.certificate !== undefined,
    },
    decide: (_request, taker) => taker.onDecision({ kind: 'next', edits: [] }),
    response: () => null,
    log: () => true,
    pick: () => -1,
    certificate: () => false,
    ...handlers,
  };
}
