/** Where the proxy itself listens, so that it can look at its own answers. */
export interface OwnListener {
  readonly host: string;
  readonly port: number;
}

/** Asked each time; null: nothing listens that a CA could ask. */
export type FindOwnListener = () => OwnListener | null;

/** Long enough for a loaded machine: the question stays on it. */
export const OWN_CHECK_MS = 10_000;
