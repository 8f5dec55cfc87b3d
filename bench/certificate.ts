import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './peers/peer.ts';
import { findProgram } from './process/find-program.ts';

const run = promisify(execFile);

/** What is not installed to make one, or null. */
export function missingForCertificate(): string | null {
  return findProgram('openssl') === null ? 'openssl: apt-get install openssl' : null;
}

/** A self-signed certificate for 127.0.0.1, ECDSA P-256 as most sites have today. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const cert = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  const both = path.join(folder, 'both.pem');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await run('openssl', ['req', '-x509', ...curve, ...names, '-days', '3', '-keyout', key, '-out', cert]);
  await writeFile(both, `${await readFile(cert, 'utf8')}${await readFile(key, 'utf8')}`);
  return { cert, key, both };
}
