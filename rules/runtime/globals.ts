import { atob, btoa } from './base64.ts';
import { console } from './console.ts';
import { TextDecoder, TextEncoder } from './text-encoding.ts';
import { URLSearchParams } from './url-search-params.ts';

/** The parts of the web that a bare V8 isolate lacks and a rule script may use. `ambient-types.ts` describes them to the type-checker. */
const provided = { URLSearchParams, TextEncoder, TextDecoder, atob, btoa, console };

for (const [name, value] of Object.entries(provided)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/**
 * What a rule script must not have: memory outside of the isolate's limit (WebAssembly), blocking
 * waits and fine clocks (SharedArrayBuffer, Atomics), and code that runs outside of a guarded call
 * (FinalizationRegistry).
 */
for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry']) {
  Reflect.deleteProperty(globalThis, name);
}
