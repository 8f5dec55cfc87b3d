import { IssuerError } from './issuer.ts';

/** Where the CA does not say how long. */
const USUAL_PAUSE_MS = 5 * 60_000;
/** After that one order asks again, whatever the CA said: what it meant is not always to be known for sure. */
const LONGEST_PAUSE_MS = 24 * 3_600_000;
/** So long the others wait for what the CA says to the first one after a pause. */
const TRIAL_MS = 60_000;

/** Of what a limit can be that everybody meets who orders. */
const OF_ALL =
  /\b(?:new orders|registrations|new accounts?|this account|per account|requests|service busy|ip address(?:es)?)\b/i;
/** Of what one is that only some names meet. */
const OF_SOME =
  /\b(?:certificates?|authorizations?|validations?|identifiers?|hostnames?|domains?|exact set)\b/i;

/**
 * Whether a limit of the CA's is about more than the names of the order that met it. The protocol has one error for
 * all limits (RFC 8555 6.6), so the words have to say it: Let's Encrypt has "too many new orders (300) from this
 * account …", and "too many certificates (5) already issued for this exact set of identifiers …". What is not
 * understood concerns that order alone, since nothing is to hold up the names of others without need.
 */
export function concernsAllOrders(error: IssuerError, names: readonly string[]): boolean {
  if (error.kind !== 'rate-limited') return false;
  // Not an answer to an order: whatever stands before the CA has had too many requests.
  if (error.type === null) return true;
  const said = error.message.replaceAll(/\bhttps?:\/\/\S+/g, '').toLowerCase();
  return OF_ALL.test(said) && !OF_SOME.test(said) && !names.some((name) => mentions(said, name));
}

/** The name, or a domain that it is in. */
function mentions(text: string, name: string): boolean {
  const labels = name.replace(/^\*\./, '').split('.');
  return labels.some(
    (_, at) => at < Math.max(1, labels.length - 1) && text.includes(labels.slice(at).join('.')),
  );
}

interface Pause {
  readonly since: number;
  until: number;
  readonly said: string;
}

interface LimitedOrder {
  readonly names: readonly string[];
  /** The CA is told what it replaces (RFC 9773 5), and may except it from its limits for that. */
  readonly isRenewal: boolean;
}

/** What one order heard of the limits of an account, the others need not ask for. */
export class AcmeRateLimits {
  readonly #now: () => number;
  readonly #pauses = new Map<'new' | 'renewal', Pause>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Orders, unless the CA wants no orders now. `work` calls `opened` as soon as it has the account. */
  async run<T>(order: LimitedOrder, work: (opened: () => void) => Promise<T>): Promise<T> {
    const kind = order.isRenewal ? 'renewal' : 'new';
    const startedAt = this.#now();
    this.#check(kind, startedAt);
    let hasAccount = false;
    try {
      const result = await work(() => (hasAccount = true));
      this.#lift(kind, startedAt);
      return result;
    } catch (error) {
      if (error instanceof IssuerError) {
        if (error.kind === 'rate-limited') this.#note(error, order, hasAccount);
        // Where no answer came, nothing is known of the limit.
        else if (error.kind !== 'unreachable' && error.kind !== 'aborted') this.#lift(kind, startedAt);
      }
      throw error;
    }
  }

  /** After a pause one goes first, and the others wait for what it is told. */
  #check(kind: 'new' | 'renewal', now: number): void {
    const pause = this.#pauses.get(kind);
    // A clock that was set back says nothing of how long it was.
    if (pause === undefined || now < pause.since) return;
    if (now >= pause.until) {
      pause.until = now + TRIAL_MS;
      return;
    }
    const until = new Date(pause.until).toISOString();
    throw new IssuerError('rate-limited', `no orders are wanted until ${until}, as ${pause.said}`, {
      retryAfterMs: pause.until - now,
      isHeldBack: true,
    });
  }

  /** An order that was under way when the limit was met says nothing of how it is now. */
  #lift(kind: 'new' | 'renewal', startedAt: number): void {
    if (startedAt > (this.#pauses.get(kind)?.since ?? Infinity)) this.#pauses.delete(kind);
  }

  #note(error: IssuerError, { names, isRenewal }: LimitedOrder, hasAccount: boolean): void {
    if (hasAccount && !concernsAllOrders(error, names)) return;
    const since = this.#now();
    const until = since + Math.min(error.retryAfterMs ?? USUAL_PAUSE_MS, LONGEST_PAUSE_MS);
    this.#pauses.set('new', { since, until, said: error.message });
    // Let's Encrypt counts no renewals; where one met the limit, it is about all.
    if (isRenewal || !hasAccount) this.#pauses.set('renewal', { since, until, said: error.message });
  }
}
