/**
 * Why an exchange failed. One closed list: `exchange/respond.ts` maps each code to a status,
 * the access log prints it as `error`, and `docs/errors.md` documents every one of them.
 */
export const ERROR_CODES = [
  // what the client sent
  'request-malformed',
  'request-target-too-long',
  'request-head-too-large',
  'request-body-too-large',
  'request-timeout',
  'transfer-coding-unsupported',
  'content-coding-unsupported',
  'version-unsupported',
  'protocol-unsupported',
  'method-not-allowed',
  'stream-malformed',
  'client-abort',
  'client-write-timeout',
  'websocket-idle',
  // what we could not do
  'no-route',
  'no-backend',
  'queue-full',
  'queue-timeout',
  'backend-connections-exhausted',
  'websocket-limit',
  'websocket-drained',
  'websocket-cut',
  'rule-fault',
  'plugin-fault',
  'plugin-abort',
  'internal-error',
  // what the backend did
  'connect-failed',
  'connect-timeout',
  'backend-tls-failed',
  'response-timeout',
  'response-malformed',
  'response-truncated',
  'upgrade-malformed',
  'backend-reset',
  'stream-refused',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Who is at fault: decides whose counter goes up. */
export type ErrorSource = 'client' | 'backend' | 'proxy';

/** A failure of one exchange. `message` is for the log, never for the client. */
export class ProxyError extends Error {
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  /** Whether another attempt could succeed, were the request itself fit to be tried again. */
  readonly retryable: boolean;
  /** Of the answer, in place of the one that goes with the code; null: that one. */
  readonly status: number | null;

  constructor(
    code: ErrorCode,
    source: ErrorSource,
    message: string,
    options: { retryable?: boolean; cause?: unknown; status?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProxyError';
    this.code = code;
    this.source = source;
    this.retryable = options.retryable ?? false;
    this.status = options.status ?? null;
  }
}
