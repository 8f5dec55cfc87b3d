import { resolve } from 'node:path';
import type { JsonValue } from '../core/shared/json.ts';
import type { PluginContext, PluginLog } from './contract/context.ts';
import type { FileWatch } from './file-watch.ts';
import type { Surroundings } from './instance.ts';

/** As JSON, in characters. */
const LONGEST_SIBLING_MESSAGE = 64 * 1024;

export interface ContextParts {
  readonly attachedTo: string;
  readonly folder: string;
  readonly log: PluginLog;
  readonly files: FileWatch;
  readonly surroundings: Surroundings;
  /** To the same instance in the other workers. */
  readonly send: (body: string) => void;
  /** Something that the plugin has asked to be told of has failed in its own code. */
  readonly onListenerError: (what: string, error: unknown) => void;
}

export interface InstanceContext {
  readonly context: PluginContext;
  /** A message of the same instance in another worker. */
  readonly receive: (body: string) => void;
  /** Ends what the instance has begun by way of its context. */
  readonly release: () => void;
}

export function createContext(parts: ContextParts): InstanceContext {
  const { attachedTo, folder, log, surroundings } = parts;
  const ending = new AbortController();
  const watches: (() => void)[] = [];
  let listener: ((message: JsonValue) => void) | null = null;
  const guarded = (what: string, call: () => unknown): void => {
    try {
      // Whoever listens may do so by an async function.
      void Promise.resolve(call()).catch((error: unknown) => parts.onListenerError(what, error));
    } catch (error) {
      parts.onListenerError(what, error);
    }
  };
  const context: PluginContext = {
    attachedTo,
    log,
    siblings: {
      get workers() {
        return surroundings.scope.workers;
      },
      send(message) {
        const body = JSON.stringify(message);
        if (body.length > LONGEST_SIBLING_MESSAGE)
          throw new RangeError(
            `a message to other workers is longer than ${LONGEST_SIBLING_MESSAGE} characters`,
          );
        if (!ending.signal.aborted) parts.send(body);
      },
      onMessage(next) {
        listener = next;
      },
    },
    folder,
    resolve: (path) => resolve(folder, path),
    watch(path, onChange) {
      if (ending.signal.aborted) return;
      watches.push(
        parts.files.watch(resolve(folder, path), () => guarded('a change of a watched file', onChange)),
      );
    },
    request: (subrequest) => surroundings.scope.request(subrequest),
    service: (name) => surroundings.scope.services.find(name, attachedTo),
    signal: ending.signal,
  };
  return {
    context,
    receive(body) {
      const current = listener;
      if (current === null || ending.signal.aborted) return;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by `send` in another worker
      guarded('a message of another worker', () => current(JSON.parse(body) as JsonValue));
    },
    release() {
      for (const stop of watches) stop();
      listener = null;
      ending.abort();
    },
  };
}
