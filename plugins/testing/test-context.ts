import { resolve } from 'node:path';
import type {
  JsonValue,
  PluginContext,
  PluginLog,
  PluginSiblings,
  PluginSubrequest,
  PluginSubresponse,
} from '../contract/context.ts';
import type { BodyStream } from '../contract/message.ts';
import { toBytes, type BodyPieces } from './body-pieces.ts';
import { TestHeaders, type HeaderFields } from './test-headers.ts';

export interface TestSubanswer {
  /** 200 unless given. */
  readonly status?: number;
  readonly headers?: HeaderFields;
  readonly body?: string | Uint8Array | BodyPieces;
}

export interface TestLogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface TestPluginSetting {
  /** The folder of the config file; the working directory unless given. */
  readonly folder?: string;
  /** `listener test` unless given. */
  readonly attachedTo?: string;
  /** The upstreams there are: `place` and `context.request` throw for others. Any name will do unless given. */
  readonly upstreams?: readonly string[];
  /** Answers `context.request`; throws where there is no answer. */
  readonly request?: (subrequest: PluginSubrequest) => TestSubanswer | Promise<TestSubanswer>;
  /** What other plugins provide. */
  readonly services?: Readonly<Record<string, unknown>>;
  /** Instances that are given the same object hear each other. */
  readonly siblings?: TestSiblings;
}

/** Largest message to siblings, as JSON. */
const MESSAGE_BYTES = 64 * 1024;

/** Joins instances as those of several workers are: `const siblings = new TestSiblings()`. */
export class TestSiblings {
  readonly #members = new Set<{ listener: ((message: JsonValue) => void) | null }>();

  /** @internal */
  join(signal: AbortSignal): PluginSiblings {
    const members = this.#members;
    const self: { listener: ((message: JsonValue) => void) | null } = { listener: null };
    members.add(self);
    signal.addEventListener('abort', () => members.delete(self), { once: true });
    return {
      get workers() {
        return members.size;
      },
      send(message) {
        const text = JSON.stringify(message);
        if (Buffer.byteLength(text) > MESSAGE_BYTES)
          throw new RangeError('a message to siblings has at most 64 KiB as JSON');
        for (const member of members) {
          if (member === self) continue;
          setImmediate(() => {
            if (members.has(member)) member.listener?.(readJson(text));
          });
        }
      },
      onMessage(listener) {
        self.listener = listener;
      },
    };
  }
}

export class TestContext implements PluginContext {
  readonly attachedTo: string;
  readonly folder: string;
  readonly log: PluginLog;
  readonly siblings: PluginSiblings;
  readonly lines: TestLogLine[] = [];
  readonly #watched = new Map<string, (() => void)[]>();
  readonly #closing = new AbortController();
  readonly #setting: TestPluginSetting;

  constructor(setting: TestPluginSetting) {
    this.#setting = setting;
    this.attachedTo = setting.attachedTo ?? 'listener test';
    this.folder = resolve(setting.folder ?? '.');
    this.siblings = (setting.siblings ?? new TestSiblings()).join(this.signal);
    const note =
      (level: TestLogLine['level']) =>
      (fields: Readonly<Record<string, unknown>>, message: string): void => {
        this.lines.push({ level, fields, message });
      };
    this.log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  resolve(path: string): string {
    return resolve(this.folder, path);
  }

  watch(path: string, onChange: () => void): void {
    const file = this.resolve(path);
    this.#watched.set(file, [...(this.#watched.get(file) ?? []), onChange]);
  }

  async request(subrequest: PluginSubrequest): Promise<PluginSubresponse> {
    this.checkUpstream(subrequest.upstream);
    subrequest.signal?.throwIfAborted();
    if (this.#setting.request === undefined)
      throw new Error('the plugin makes a request: say what is answered by the setting `request`');
    const { status = 200, headers = {}, body = '' } = await this.#setting.request(subrequest);
    return { status, headers: TestHeaders.of(headers), body: streamOf(body) };
  }

  service(name: string): unknown {
    return this.#setting.services?.[name];
  }

  checkUpstream(name: string): void {
    if (this.#setting.upstreams?.includes(name) === false)
      throw new Error(`there is no upstream ${JSON.stringify(name)}`);
  }

  fileChanged(path: string): void {
    const listeners = this.#watched.get(this.resolve(path));
    if (listeners === undefined) throw new Error(`the plugin watches no file ${this.resolve(path)}`);
    if (!this.signal.aborted) for (const listener of listeners) listener();
  }

  close(): void {
    this.#closing.abort();
  }
}

async function* streamOf(body: string | Uint8Array | BodyPieces): BodyStream {
  for await (const piece of typeof body === 'string' || body instanceof Uint8Array ? [body] : body)
    if (piece !== null && piece.length > 0) yield toBytes(piece);
}

function readJson(text: string): JsonValue {
  // oxlint-disable-next-line typescript/no-unsafe-return -- what JSON.parse gives is a JsonValue
  return JSON.parse(text);
}
