import { ProxyError } from '../../shared/errors.ts';

/** Coded content that can not be undone: the doing of who sent it, not of the plugin that it was to be undone for. */
export class CodingError extends Error {
  readonly reason: 'unsupported' | 'corrupt' | 'bomb';

  constructor(reason: CodingError['reason'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** What a request costs its client whose content can not be undone. */
export function requestFault({ reason, message }: CodingError): ProxyError {
  switch (reason) {
    case 'unsupported':
      return new ProxyError('content-coding-unsupported', 'client', message);
    case 'corrupt':
      return new ProxyError('request-malformed', 'client', message);
    case 'bomb':
      return new ProxyError('request-body-too-large', 'client', message);
  }
}
