import type { Logger } from '../../../core/shared/log.ts';
import {
  authority,
  authorityFile,
  otherAuthority,
  otherAuthorityFile,
  certificateFiles,
  type CertificateName,
} from '../../support/certificates.ts';
import type { DataPath } from '../../support/data-path.ts';
import { ok, startRawBackend, type RawBackend } from '../../support/raw-backend.ts';
import { startProxy } from '../http1/setup.ts';

/** A listener that speaks HTTPS with these certificates, before a backend that says hello. */
export async function startHttps(
  options: {
    readonly certificates?: readonly CertificateName[];
    readonly tls?: Readonly<Record<string, unknown>>;
    readonly listener?: Readonly<Record<string, unknown>>;
    readonly rules?: Parameters<typeof startProxy>[0]['rules'];
    readonly answer?: string;
    readonly log?: Logger;
  } = {},
): Promise<{ readonly proxy: DataPath; readonly backend: RawBackend }> {
  const backend = await startRawBackend((request) => request.reply(options.answer ?? ok('hello')));
  const certificates = (options.certificates ?? ['one']).map(certificateFiles);
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { protocol: 'https', tls: { certificates, ...options.tls }, ...options.listener },
    files: new Map([
      [authorityFile, authority],
      [otherAuthorityFile, otherAuthority],
    ]),
    ...(options.rules === undefined ? {} : { rules: options.rules }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  return { proxy, backend };
}

export const request = 'GET / HTTP/1.1\r\nHost: one.test\r\n\r\n';
