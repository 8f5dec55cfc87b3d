import type { RuleBundle } from '../core/shared/config-types.ts';
import type { RuleRequest } from '../core/shared/rule-script.ts';
import { BUNDLE_NAME, type SandboxSource } from './isolate.ts';
import { LoadedScript } from './loaded-script.ts';
import { loadSandbox } from './sandbox-pair.ts';
import { ScriptLog } from './script-log.ts';
import type { Services } from './services.ts';
import { SourcePositions } from '../core/shared/source-positions.ts';

/** In place of a compiled script: the runtime's side of it, in a loop that only the watchdog ends. */
const CODE = `
const loop = () => { for (;;); };
globalThis.tidegateCalls = { handles: '["request"]', connect: loop, request: loop, requests: loop, response: loop, log: loop, pick: loop, certificate: loop, where: loop };
`;
const BUNDLE: RuleBundle = {
  id: 'drill',
  script: 'drill',
  timeLimitMs: 1,
  memoryLimitBytes: 8 * 2 ** 20,
  onError: 'deny',
  shadow: null,
  code: CODE,
  sourceMap: '{}',
  inputs: [],
};
const REQUEST: RuleRequest = {
  method: 'GET',
  scheme: 'http',
  host: '',
  target: '/',
  path: '/',
  clientAddress: '::1',
  head: '',
};

/**
 * Lets a script of our own run into its time limit: once forgiven, once not. The first fault of a process runs
 * code that never ran before, which would cost the requests that wait for it milliseconds; and what ends
 * scripts is known to work before the first real one is called. Resolves when the isolates are gone.
 */
export async function drill(
  services: Services,
  source: Pick<SandboxSource, 'settings' | 'words' | 'onLost'>,
): Promise<void> {
  const drillSource: SandboxSource = {
    ...source,
    code: BUNDLE.code,
    memoryLimitBytes: BUNDLE.memoryLimitBytes,
    onConsole() {},
  };
  const script = new LoadedScript(
    BUNDLE,
    drillSource,
    await loadSandbox(drillSource),
    new SourcePositions(BUNDLE.sourceMap, BUNDLE_NAME, () => true),
    { ...services, onFault() {} },
    new ScriptLog({ debug() {}, info() {}, warn() {}, error() {} }, BUNDLE),
  );
  await new Promise<void>((resolve) => {
    script.decide(REQUEST, { onDecision: () => resolve() });
  });
  script.release();
}
