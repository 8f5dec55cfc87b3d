import type {
  PluginAnsweredExchange,
  PluginConnection,
  PluginExchange,
  PluginFinishedExchange,
  PluginHandshake,
} from './exchange.ts';
import type { BodyHook, PluginAnswer } from './message.ts';

type MaybePromise<T> = T | Promise<T>;

/** What a hook returns that leaves everything as it is; for a decision it is the answer. */
type AnswerOrNothing = PluginAnswer | void;

/**
 * The points at which a plugin is called; a plugin without a hook costs nothing there. On the way in they are called in the
 * order of the config (the listener's, then the rule script, then the route's, then the upstream's), on the way out in the
 * opposite order. A hook that throws, or whose promise is rejected, fails its exchange by `onError`.
 */
export interface PluginHooks {
  /** A connection was accepted. `'deny'`: it is closed at once. */
  connect?(connection: PluginConnection): 'deny' | void;
  /** The ClientHello is read, and nothing is answered yet. `'deny'`: the handshake is refused. */
  tls?(handshake: PluginHandshake): 'deny' | void;
  /** The head is there. An answer ends the way in: it goes out by the `response` hooks of the plugins before this one. */
  request?(exchange: PluginExchange): MaybePromise<AnswerOrNothing>;
  /** For a request with a body; called after `request`, before the first piece. */
  requestBody?(exchange: PluginExchange): BodyHook | null;
  /** A backend was picked (`exchange.backend`); for each attempt anew, and what is changed of the headers is for this attempt alone. */
  upstream?(exchange: PluginExchange): void;
  /** The head of the answer is there, and none of it is sent: a backend's, or one of Tidegate's own. An answer takes its place. */
  response?(exchange: PluginAnsweredExchange): MaybePromise<AnswerOrNothing>;
  /** For an answer with a body; called after `response`. May change the header fields that tell of the body. */
  responseBody?(exchange: PluginAnsweredExchange): BodyHook | null;
  /** Called exactly once for every exchange that its `request` hook, or any other of its hooks, could have seen. */
  log?(exchange: PluginFinishedExchange): void;
  /** Named services for other plugins (`context.service`): `{ 'geo.country': lookUp }`. */
  readonly provide?: Readonly<Record<string, unknown>>;
  /** What `tidegate plugins list` shows of it; small. */
  status?(): Readonly<Record<string, string | number | boolean>>;
  /** Called once, after the last exchange that uses the instance. */
  close?(): MaybePromise<void>;
}
