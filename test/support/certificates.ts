import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type CertificateName =
  'local' | 'one' | 'one-renewed' | 'one-rsa' | 'two' | 'wild' | 'expired' | 'client' | 'stranger';

function path(file: string): string {
  return fileURLToPath(new URL(`./certificates/${file}`, import.meta.url));
}

/** The certificate and key files of this name, as a config names them; certificates/make.sh says what is in them. */
export function certificateFiles(name: CertificateName): { cert: string; key: string } {
  return { cert: path(`${name}.pem`), key: path(`${name}.key`) };
}

/** What is in these files. */
export function certificate(name: CertificateName): { cert: string; key: string } {
  const { cert, key } = certificateFiles(name);
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** The authority that issued all but `stranger`, and the one that issued that. */
export const authorityFile = path('authority.pem');
export const otherAuthorityFile = path('other-authority.pem');
export const authority = readFileSync(authorityFile, 'utf8');
export const otherAuthority = readFileSync(otherAuthorityFile, 'utf8');
