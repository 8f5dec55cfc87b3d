import { z } from 'zod';
import type { RuleScript } from '../core/shared/rule-script.ts';
import { HANDLERS } from './runtime/define-rules.ts';

/** What comes out of the sandbox is not what our runtime gives. */
export const RUNTIME_CHANGED = 'the script changed the runtime that it runs in';

const handlerNames = z.array(z.enum(HANDLERS));

/** Which handlers a script exports, by the JSON that its sandbox gives. Throws where that says nothing sensible. */
export function readHandles(json: unknown): RuleScript['handles'] {
  const parsed = typeof json === 'string' ? handlerNames.safeParse(JSON.parse(json)) : null;
  if (parsed === null || !parsed.success) throw new TypeError(RUNTIME_CHANGED);
  const has = (name: (typeof HANDLERS)[number]): boolean => parsed.data.includes(name);
  return {
    connect: has('connect'),
    request: has('request'),
    response: has('response'),
    log: has('log'),
    pick: has('pick'),
    certificate: has('certificate'),
  };
}
