import type { AcmeIssuerConfig } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import { AcmeAccountFiles } from './acme-account-files.ts';
import type { AcmeConnection } from './acme-connection.ts';
import { problemPrefix } from './acme-problem.ts';
import { AcmeSession } from './acme-session.ts';
import { newPrivateKey } from './certificate-request.ts';
import { IssuerError, type AccountStatus, type IssuerAccount } from './issuer.ts';
import { orAborted } from './or-aborted.ts';
import type { Storage } from './storage.ts';

/** For everything that one call here does, waiting for another process included. */
const TIMEOUT_MS = 120_000;
/** A CA that ends our accounts is not to be asked for new ones without end. */
const REPLACEMENT_PAUSE_MS = 3_600_000;

export interface OpenAccount {
  readonly session: AcmeSession;
  readonly url: string;
  readonly key: string;
}

export interface AcmeAccountParts {
  readonly config: AcmeIssuerConfig;
  readonly connection: AcmeConnection;
  readonly storage: Storage;
  readonly log: Logger;
}

/**
 * The one account at one CA. Its key is stored before the CA hears of it, so that after a crash the same account
 * is found again (RFC 8555 7.3.1) and no second one is made.
 */
export class AcmeAccount implements IssuerAccount {
  readonly #config: AcmeIssuerConfig;
  readonly #connection: AcmeConnection;
  readonly #storage: Storage;
  readonly #log: Logger;
  readonly #files: AcmeAccountFiles;
  /** Shared by all that want it at the same time. */
  #open: Promise<OpenAccount> | null = null;
  #replacedAt = Number.NEGATIVE_INFINITY;

  constructor({ config, connection, storage, log }: AcmeAccountParts) {
    this.#config = config;
    this.#connection = connection;
    this.#storage = storage;
    this.#log = log;
    this.#files = new AcmeAccountFiles(storage, config.directory);
  }

  /**
   * Does something in the name of the account, which is made where there is none. Where the CA takes it no
   * longer, once more with the one that another process has put in its place, or with a new one.
   */
  async use<T>(signal: AbortSignal, work: (account: OpenAccount) => Promise<T>): Promise<T> {
    let used: OpenAccount | null = null;
    try {
      used = await this.#opened(signal);
      return await work(used);
    } catch (error) {
      if (!(error instanceof IssuerError)) throw error;
      // Of a signature by a key that was changed meanwhile CAs say no more than that.
      const isAboutKey = error.type === `${problemPrefix}malformed`;
      if (error.kind !== 'account' && !isAboutKey) throw error;
      const isOther = await this.#locked(
        async () => (await this.#isOther(used)) || (!isAboutKey && (await this.#replace(used))),
      );
      if (!isOther) throw asRejection(error);
      return work(await this.#opened(signal));
    }
  }

  async status(): Promise<AccountStatus> {
    const key = await this.#files.key();
    return key === null ? noAccount : this.#ask(key, AbortSignal.timeout(TIMEOUT_MS));
  }

  async rolloverKey(): Promise<void> {
    await this.#locked(async (signal) => {
      const { session, url } = await this.#openLocked(signal);
      const next = await newPrivateKey('ecdsa-p256');
      await this.#files.storeNextKey(next);
      this.#open = null;
      await session.changeKey(next, signal);
      await this.#adopt(next, url);
    });
  }

  async updateContact(): Promise<void> {
    await this.#locked(async (signal) => {
      const { session, url } = await this.#openLocked(signal);
      await this.#tellContact(session, url, signal);
    });
  }

  async deactivate(): Promise<void> {
    await this.#locked(async (signal) => {
      if ((await this.#files.key()) === null) throw new IssuerError('account', 'there is no account');
      const { session } = await this.#openLocked(signal);
      await session.updateAccount({ status: 'deactivated' }, signal);
      this.#open = null;
      await this.#files.deleteAll();
    });
  }

  async #opened(signal: AbortSignal): Promise<OpenAccount> {
    if (this.#open === null) {
      const opening = this.#locked((ownSignal) => this.#openLocked(ownSignal));
      this.#open = opening;
      opening.catch(() => {
        if (this.#open === opening) this.#open = null;
      });
    }
    const opened = await orAborted(this.#open, signal);
    if ((await this.#files.key()) === null) await this.#restore(opened);
    return opened;
  }

  /** A storage that loses it while we run is not to cost a second account at the next start. */
  async #restore({ key, url }: OpenAccount): Promise<void> {
    const { directory, contact } = this.#config;
    await this.#locked(async () => {
      if ((await this.#files.key()) !== null) return;
      await this.#files.storeKey(key);
      await this.#files.storeAccount({ directory, url, contact: [...contact] });
      this.#log.warn(
        { directory, account: url },
        'our account was gone from the storage, and was stored again',
      );
    });
  }

  async #locked<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const release = await this.#lock(signal);
    try {
      return await work(signal);
    } finally {
      await release();
    }
  }

  async #lock(signal: AbortSignal): Promise<() => Promise<void>> {
    try {
      return await this.#storage.lock(this.#files.lockName, signal);
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw new IssuerError('unreachable', 'another process keeps the account to itself', { cause });
    }
  }

  async #openLocked(signal: AbortSignal): Promise<OpenAccount> {
    await this.#settleKeyChange(signal);
    let key = await this.#files.key();
    if (key === null) {
      key = await newPrivateKey('ecdsa-p256');
      await this.#files.storeKey(key);
    }
    const known = await this.#files.account();
    if (known !== null) {
      const session = this.#session(key, known.url);
      if (known.contact.join() !== this.#config.contact.join())
        await this.#tellContact(session, known.url, signal).catch((error: unknown) => {
          this.#log.warn({ err: error }, 'the CA was not told the new contact of our account');
        });
      return { session, url: known.url, key };
    }
    const { directory, contact } = this.#config;
    const session = this.#session(key, null);
    const url = await session.register(contact, signal);
    await this.#files.storeAccount({ directory, url, contact: [...contact] });
    this.#log.info({ directory, account: url }, 'there is an account at the CA');
    return { session, url, key };
  }

  /** Whether another process has put another account, or another key of it, in the place of this one. */
  async #isOther(used: OpenAccount | null): Promise<boolean> {
    if (used === null) return false;
    const isSame = (await this.#files.key()) === used.key && (await this.#files.account())?.url === used.url;
    if (!isSame) this.#open = null;
    return !isSame;
  }

  /** @returns whether there is a new account, or will be */
  async #replace(used: OpenAccount | null): Promise<boolean> {
    const key = await this.#files.key();
    if (key === null) return false;
    const { status } = await this.#ask(key, AbortSignal.timeout(TIMEOUT_MS));
    if (status === 'valid' || Date.now() - this.#replacedAt < REPLACEMENT_PAUSE_MS) return false;
    this.#open = null;
    this.#log.warn(
      { directory: this.#config.directory, account: used?.url, status },
      'the CA no longer takes our account: a new one is made',
    );
    // A CA that forgot the account takes its key again; one that ended it does not (RFC 8555 7.3.6).
    if (status === 'none') await this.#files.deleteAccount();
    else await this.#files.storeKey(await newPrivateKey('ecdsa-p256'));
    // A storage that failed before this has replaced nothing.
    this.#replacedAt = Date.now();
    return true;
  }

  /** What the CA says of the account of a key. */
  async #ask(key: string, signal: AbortSignal): Promise<AccountStatus> {
    try {
      const { url, account } = await this.#session(key, null).find(signal);
      return { status: account.status, url, contact: account.contact ?? [] };
    } catch (error) {
      if (!(error instanceof IssuerError) || error.kind !== 'account') throw error;
      // RFC 8555 7.3.6: all requests of a deactivated account are unauthorized, also this one.
      return error.type === UNAUTHORIZED ? { ...noAccount, status: 'deactivated' } : noAccount;
    }
  }

  /** A process that ended while it changed the key left two: the CA knows which one is in force. */
  async #settleKeyChange(signal: AbortSignal): Promise<void> {
    const next = await this.#files.nextKey();
    if (next === null) return;
    const { status, url } = await this.#ask(next, signal);
    if (status === 'valid' && url !== null) await this.#adopt(next, url);
    else await this.#files.deleteNextKey();
  }

  async #adopt(key: string, url: string): Promise<void> {
    const contact = (await this.#files.account())?.contact ?? [];
    await this.#files.storeKey(key);
    await this.#files.storeAccount({ directory: this.#config.directory, url, contact });
    await this.#files.deleteNextKey();
  }

  async #tellContact(session: AcmeSession, url: string, signal: AbortSignal): Promise<void> {
    const { directory, contact } = this.#config;
    await session.updateAccount({ contact }, signal);
    await this.#files.storeAccount({ directory, url, contact: [...contact] });
  }

  #session(key: string, url: string | null): AcmeSession {
    const { directory, externalAccount } = this.#config;
    return new AcmeSession(this.#connection, directory, key, url, externalAccount);
  }
}

/** Where the account is not to blame, something else is (RFC 8555 6.7 has one type for both). */
function asRejection(error: IssuerError): IssuerError {
  const { type, retryAfterMs } = error;
  return type === UNAUTHORIZED
    ? new IssuerError('rejected', error.message, { type, retryAfterMs, cause: error })
    : error;
}

const UNAUTHORIZED = `${problemPrefix}unauthorized`;
const noAccount: AccountStatus = { status: 'none', url: null, contact: [] };
