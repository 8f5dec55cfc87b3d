import type { UpstreamConfig } from '../shared/config-types.ts';
import { ProxyError } from '../shared/errors.ts';

/** How far an attempt had come: no connection yet, no answer's head yet, in mid-answer. */
export type AttemptStage = 'connecting' | 'head' | 'body';

/** More 1xx than any sane backend sends before an answer. */
export const MAX_INFORMATIONAL = 32;

export function malformedAnswer(message: string, cause?: unknown): ProxyError {
  return new ProxyError('response-malformed', 'backend', message, { cause });
}

export function connectFailed(message: string, cause?: unknown): ProxyError {
  return new ProxyError('connect-failed', 'backend', message, { retryable: true, cause });
}

/** What a socket says when no connection comes about: `connect-failed`, or of the TLS handshake `backend-tls-failed`. */
export function connectError(error: Error): ProxyError {
  const code = 'code' in error ? String(error.code) : '';
  // System calls fail with names such as ECONNREFUSED; what TLS finds wrong is named otherwise, or EPROTO.
  if (/^E[A-Z0-9]+$/.test(code) && code !== 'EPROTO') return connectFailed(error.message, error);
  return tlsFailed(error.message, error);
}

export function tlsFailed(message: string, cause?: unknown): ProxyError {
  return new ProxyError('backend-tls-failed', 'backend', message, { retryable: true, cause });
}

/** HTTP/2: the backend has said that it did nothing with the request. */
export function streamRefused(message: string): ProxyError {
  return new ProxyError('stream-refused', 'backend', message, { retryable: true });
}

/** `how`: what the backend did to the connection. Another attempt makes sense as long as no byte of an answer came. */
export function cutOff(stage: AttemptStage, how: string, hasAnswerBytes: boolean): ProxyError {
  switch (stage) {
    case 'connecting':
      return connectFailed(`the backend ${how}`);
    case 'head':
      return new ProxyError('backend-reset', 'backend', `the backend ${how} before its answer`, {
        retryable: !hasAnswerBytes,
      });
    case 'body':
      return new ProxyError('response-truncated', 'backend', `the backend ${how} in mid-answer`);
  }
}

export function timedOut(
  stage: AttemptStage,
  timeouts: UpstreamConfig['timeouts'],
  hasAnswerBytes: boolean,
): ProxyError {
  const { connectMs, responseMs } = timeouts;
  switch (stage) {
    case 'connecting':
      return new ProxyError('connect-timeout', 'backend', `no connection within ${connectMs} ms`, {
        retryable: true,
      });
    case 'head':
      return new ProxyError('response-timeout', 'backend', `no answer within ${responseMs} ms`, {
        retryable: !hasAnswerBytes,
      });
    case 'body':
      return new ProxyError('response-timeout', 'backend', `no more of the answer for ${responseMs} ms`);
  }
}
