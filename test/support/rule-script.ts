import type { RuleScript } from '../../core/shared/rule-script.ts';

/** A rule script without a sandbox, that does what `handlers` do and nothing else. */
export function ruleScript(handlers: Partial<Pick<RuleScript, 'certificate' | 'connect'>>): RuleScript {
  return {
    id: 'test',
    file: '/rules.ts',
    handles: {
      connect: handlers.connect !== undefined,
      request: false,
      response: false,
      log: false,
      pick: false,
      certificate: handlers.certificate !== undefined,
    },
    connect: () => ({ kind: 'next' }),
    decide: (_request, taker) => taker.onDecision({ kind: 'next', edits: [] }),
    response: () => null,
    log: () => true,
    pick: () => -1,
    certificate: () => false,
    ...handlers,
  };
}
