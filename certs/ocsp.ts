import { createHash, X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { DerError } from './der.ts';
import { checkAnswer, ocspRequest, type Issued } from './ocsp-message.ts';
import { pemBlocks } from './stored-pem.ts';
import { x509Fields } from './x509-fields.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** For connection, question and answer together. */
const TIMEOUT_MS = 10_000;

/** Answers have one to three thousand bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Where to ask about a certificate. */
export interface OcspSource extends Issued {
  readonly url: string;
  /** Tells the certificate apart from all others. */
  readonly fingerprint: string;
}

/** What goes into handshakes (RFC 6066 8). `response`: DER. */
export interface Staple {
  readonly response: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

export type StapleResult = { readonly staple: Staple } | { readonly revokedAt: Date };

/** There is no staple, and why. */
export class OcspError extends Error {
  override readonly name = 'OcspError';
}

/** null: it names no responder, or comes without its issuer's certificate. `cert`: PEM, the leaf and its chain. */
export function ocspSource(cert: string): OcspSource | null {
  const [leaf, issuer] = readFirstTwo(cert);
  // RFC 6960 A.1: over HTTP. The answer is signed, and TLS would have to ask about a certificate first.
  const url = /^OCSP - URI:(http:\/\/\S+)$/m.exec(leaf?.infoAccess ?? '')?.[1];
  if (leaf === undefined || issuer === undefined || url === undefined || !URL.canParse(url)) return null;
  if (!leaf.checkIssued(issuer)) return null;
  return { leaf, issuer, url, fingerprint: createHash('sha256').update(leaf.raw).digest('hex') };
}

/** None of a file with something behind the leaf that cannot be read: it is TLS that has to say so. */
function readFirstTwo(cert: string): X509Certificate[] {
  try {
    return pemBlocks(cert)
      .slice(0, 2)
      .map(({ pem }) => new X509Certificate(pem));
  } catch {
    return [];
  }
}

/** Whether clients refuse it without a staple (RFC 7633). `cert`: PEM. */
export function needsStaple(cert: string): boolean {
  try {
    return x509Fields(new X509Certificate(cert)).mustStaple;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Asks the responder. Throws OcspError, or the signal's reason. */
export async function fetchStaple(
  source: OcspSource,
  now: number,
  signal: AbortSignal,
): Promise<StapleResult> {
  const response = await ask(source.url, ocspRequest(source), signal);
  return readStaple(response, source, now);
}

/** Checks an answer as if it had just come. Throws OcspError. */
export function readStaple(response: Buffer, source: OcspSource, now: number): StapleResult {
  const answer = checkAnswer(response, source, now);
  if (answer.status === 'unusable') throw new OcspError(`the answer of ${source.url}: ${answer.problem}`);
  if (answer.status === 'revoked') return { revokedAt: answer.revokedAt };
  const { thisUpdate, nextUpdate } = answer;
  return { staple: { response, thisUpdate, nextUpdate } };
}

/** When to ask for the next one: at half of its validity, give or take a twentieth, so that many are not due at once. */
export function refreshAt({ thisUpdate, nextUpdate }: Staple, now: number, random: number): number {
  const validMs = nextUpdate.getTime() - thisUpdate.getTime();
  return Math.max(thisUpdate.getTime() + validMs * (0.5 + (random - 0.5) / 10), now + MINUTE_MS);
}

/** For so long after a failure the responder is left alone. `failures`: in a row, at least 1. */
export function stapleRetryMs(failures: number, random: number): number {
  return Math.min(MINUTE_MS * 2 ** Math.min(failures - 1, 10), HOUR_MS) * (1 + random / 4);
}

async function ask(url: string, question: Buffer, signal: AbortSignal): Promise<Buffer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await post(url, question, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    const problem = timeout.aborted
      ? `no answer within ${TIMEOUT_MS / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error);
    throw new OcspError(`${url}: ${problem}`, { cause: error });
  }
}

function post(url: string, body: Buffer, signal: AbortSignal): Promise<Buffer> {
  const headers = { 'content-type': 'application/ocsp-request', 'content-length': body.length };
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // A connection of its own: hours pass until the next question.
  const asked = request(url, { method: 'POST', headers, signal, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (problem: string): void => {
      reject(new OcspError(problem));
      asked.destroy();
    };
    if (answer.statusCode !== 200) {
      fail(`expected status 200, found ${answer.statusCode}`);
      return;
    }
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) fail(`expected at most ${MAX_ANSWER_BYTES} bytes`);
    });
    answer.on('end', () => resolve(Buffer.concat(chunks)));
    answer.on('error', reject);
  });
  asked.on('error', reject);
  asked.end(body);
  return promise;
}
