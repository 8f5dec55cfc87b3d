import { request } from 'node:http';
import { text } from 'node:stream/consumers';

import type { ChallengeSolver, PreparedChallenge } from './challenges.ts';
import { orAborted } from './or-aborted.ts';
import { OWN_CHECK_MS, type FindOwnListener, type OwnListener } from './own-listener.ts';
import type { PostedChallenges } from './posted-challenges.ts';

/** A token and a thumbprint take some hundred. */
const MOST_ANSWER_BYTES = 4096;

/** RFC 8555 8.3: the CA fetches the answer over plain HTTP, from port 80 of the name. */
export class Http01Solver implements ChallengeSolver {
  readonly type = 'http-01';
  readonly #posted: PostedChallenges;
  readonly #ownListener: FindOwnListener;

  constructor(posted: PostedChallenges, ownListener: FindOwnListener) {
    this.#posted = posted;
    this.#ownListener = ownListener;
  }

  obstacle(name: string): string | null {
    if (name.startsWith('*.')) return 'a wildcard needs dns-01';
    return this.#ownListener() === null ? 'there is no plain http listener' : null;
  }

  async present({ name, token, keyAuthorization }: PreparedChallenge, signal: AbortSignal): Promise<void> {
    await orAborted(this.#posted.addHttp(token, { name, answer: keyAuthorization }), signal);
    const listener = this.#ownListener();
    if (listener === null) throw new Error('there is no plain http listener any more');
    const found = await ask(
      listener,
      name,
      token,
      AbortSignal.any([signal, AbortSignal.timeout(OWN_CHECK_MS)]),
    );
    if (found.status === 200 && found.body === keyAuthorization) return;
    const what = found.status === 200 ? 'something else' : `status ${found.status}`;
    throw new Error(`expected our own listener to give the answer for ${name}, found ${what}`);
  }

  remove({ token }: PreparedChallenge): Promise<void> {
    return this.#posted.removeHttp(token);
  }
}

async function ask(
  { host, port }: OwnListener,
  name: string,
  token: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  const answer = Promise.withResolvers<{ status: number; body: string }>();
  const outgoing = request({
    host,
    port,
    path: `/.well-known/acme-challenge/${token}`,
    headers: { host: name, connection: 'close' },
    agent: false,
    signal,
  });
  outgoing.on('error', answer.reject);
  outgoing.on('response', (incoming) => {
    const status = incoming.statusCode ?? 0;
    let bytes = 0;
    // Where our answer is not in place a backend may give one, of any size.
    incoming.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > MOST_ANSWER_BYTES) incoming.destroy(new Error('something that is too long'));
    });
    if (status === 200)
      text(incoming).then((body) => answer.resolve({ status, body: body.trimEnd() }), answer.reject);
    else {
      answer.resolve({ status, body: '' });
      incoming.destroy();
    }
  });
  outgoing.end();
  return answer.promise;
}
