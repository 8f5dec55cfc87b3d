import { defineRules, deny } from '../../rules/api.ts';

/** The rule script that serves in the place of one in quarantine which has no earlier version. It runs in the sandbox. */
export default defineRules({
  request: () => deny(503),
});
