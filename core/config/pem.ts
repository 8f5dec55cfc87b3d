import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

export const PEM_KINDS = ['ca', 'cert', 'key'] as const;
type PemKind = (typeof PEM_KINDS)[number];

export const PEM_NAMES: Readonly<Record<PemKind, string>> = {
  ca: 'PEM certificates',
  cert: 'a PEM certificate',
  key: 'a PEM private key',
};

/** @returns why a certificate chain and a key, each fine by itself, can not be used together, or null */
export function whyNoPair(cert: string, key: string): string | null {
  try {
    createSecureContext({ cert, key });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @returns what a text is found to be that is not what its key wants, or null */
export function whatIsWrong(kind: PemKind, text: string): string | null {
  try {
    readPem(kind, text);
    return null;
  } catch (error) {
    return `something else (${error instanceof Error ? error.message : String(error)})`;
  }
}

function readPem(kind: PemKind, text: string): unknown {
  return kind === 'key' ? createPrivateKey(text) : new X509Certificate(text);
}
