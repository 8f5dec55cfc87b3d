/** What of an attempt may lead to another one. */
export type RetryCause = 'connect-failure' | 'reset' | 'timeout' | 'refused-stream';

export interface RetriesConfig {
  /** In all, the first included. */
  readonly attempts: number;
  readonly on: readonly RetryCause[];
  /** Of answers that are thrown away for another attempt. */
  readonly statuses: readonly number[];
  /** null: as many as there are reasons for. */
  readonly budget: RetryBudgetConfig | null;
  /** A request body up to this size is kept until the answer begins. */
  readonly bodyBytes: number;
  /** null: none. */
  readonly hedge: { readonly afterMs: number } | null;
}

export interface RetryBudgetConfig {
  /** Of the requests. */
  readonly share: number;
  /** Whatever the share, in one worker. */
  readonly minPerSecond: number;
}

export interface CircuitBreakerConfig {
  /** In a row. */
  readonly failures: number;
  /** Of at least `minRequests` in `windowMs`. */
  readonly errorRatio: number;
  readonly minRequests: number;
  readonly windowMs: number;
  readonly openForMs: number;
  /** Requests at a time that try a backend after that, and how many of them have to succeed. */
  readonly halfOpen: number;
}
