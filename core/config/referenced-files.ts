import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import type { ListenerFile } from './listener-schema.ts';
import { readRegularFile, whyNoRegularFile } from './regular-file.ts';

export interface ReferencedFiles {
  readonly findings: readonly Finding[];
  /** Absolute path of an error page, or of the authorities of clients' certificates → its text. */
  readonly pages: ReadonlyMap<string, string>;
  /** Absolute paths to watch: the files whose text this is, and whatever is missing. */
  readonly inputs: readonly string[];
}

/** Reads the error pages and authorities, and looks for the rule scripts, that a config names relative to `folder`. */
export async function readReferencedFiles(draft: Draft, folder: string): Promise<ReferencedFiles> {
  const findings: Finding[] = [];
  const pages = new Map<string, string>();
  const inputs = new Set<string>();
  for (const [index, listener] of draft.listeners.entries()) {
    const base = ['listeners', index];
    const { rules } = listener;
    if (rules !== undefined) {
      const inObject = typeof rules !== 'string';
      const file = resolve(folder, inObject ? rules.script : rules);
      const problem = await whyNoRegularFile(file);
      if (problem !== undefined) {
        inputs.add(file);
        findings.push({
          path: [...base, 'rules', ...(inObject ? ['script'] : [])],
          message: `expected a rule script, found ${problem}: ${file}`,
        });
      }
    }
    const { ca } = listener.tls?.clientCertificates ?? {};
    if (ca !== undefined) {
      const file = resolve(folder, ca);
      inputs.add(file);
      const read = await readRegularFile(file);
      if (read.ok) pages.set(file, read.text);
      const problem = read.ok ? whyNoAuthorities(read.text) : read.found;
      if (problem !== null)
        findings.push({
          path: [...base, 'tls', 'clientCertificates', 'ca'],
          message: `expected certificates of authorities, found ${problem}: ${file}`,
        });
    }
    for (const page of errorPageFiles(listener.errorPages)) {
      const file = resolve(folder, page.file);
      inputs.add(file);
      const read = await readRegularFile(file);
      if (read.ok) pages.set(file, read.text);
      else {
        findings.push({
          path: [...base, 'errorPages', ...page.path],
          message: `expected an error page, found ${read.found}: ${file}`,
        });
      }
    }
  }
  return { findings, pages, inputs: [...inputs] };
}

/** null: all of them can be read. */
function whyNoAuthorities(text: string): string | null {
  const texts = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    const certificates = texts.map((one) => new X509Certificate(one));
    return certificates.length > 0 ? null : 'no certificate in PEM';
  } catch {
    return 'a certificate that can not be read';
  }
}

interface ErrorPageFile {
  readonly match: string;
  readonly kind: 'html' | 'json';
  /** As written. */
  readonly file: string;
  /** Below `errorPages`. */
  readonly path: readonly string[];
}

/** Every file that `errorPages` names. A bare path is an HTML page unless it ends in `.json`. */
export function errorPageFiles(errorPages: ListenerFile['errorPages']): ErrorPageFile[] {
  return Object.entries(errorPages).flatMap(([match, page]): ErrorPageFile[] => {
    if (typeof page === 'string') {
      return [{ match, kind: page.endsWith('.json') ? 'json' : 'html', file: page, path: [match] }];
    }
    const { html, json } = page;
    return [
      ...(html === undefined ? [] : [{ match, kind: 'html' as const, file: html, path: [match, 'html'] }]),
      ...(json === undefined ? [] : [{ match, kind: 'json' as const, file: json, path: [match, 'json'] }]),
    ];
  });
}
