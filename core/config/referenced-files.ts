import { resolve } from 'node:path';
import { readAuthorities, readCertificatesFiles } from './certificates-files.ts';
import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import type { HttpListenerFile } from './http-listener-schema.ts';
import { PEM_KINDS, PEM_NAMES, whatIsWrong, whyNoPair } from './pem.ts';
import { readRegularFile, whyNoRegularFile } from './regular-file.ts';

export interface ReferencedFiles {
  readonly findings: readonly Finding[];
  /** Absolute path of an error page, PEM file or secret → its text; by `secretKey` what environment variables hold. */
  readonly texts: ReadonlyMap<string, string>;
  /** Absolute paths to watch: error pages, PEM files, and whatever is missing. */
  readonly inputs: readonly string[];
}

/** Reads the error pages, PEM files and secrets, and looks for the rule scripts, that a config names relative to `folder`. */
export async function readReferencedFiles(draft: Draft, folder: string): Promise<ReferencedFiles> {
  const findings: Finding[] = [];
  const texts = new Map<string, string>();
  const inputs = new Set<string>();
  const read = { findings, texts, inputs };
  for (const [index, listener] of draft.listeners.entries()) {
    const base = ['listeners', index];
    for (const key of ['rules', 'shadow'] as const) {
      const rules = listener[key];
      if (rules === undefined) continue;
      const inObject = typeof rules !== 'string';
      const file = resolve(folder, inObject ? rules.script : rules);
      const problem = await whyNoRegularFile(file);
      if (problem !== undefined) {
        inputs.add(file);
        findings.push({
          path: [...base, key, ...(inObject ? ['script'] : [])],
          message: `expected a rule script, found ${problem}: ${file}`,
        });
      }
    }
    const { ca } = listener.tls?.clientCertificates ?? {};
    if (ca !== undefined)
      await readAuthorities(ca, [...base, 'tls', 'clientCertificates', 'ca'], folder, read);
    for (const page of errorPageFiles(listener.errorPages)) {
      const file = resolve(folder, page.file);
      inputs.add(file);
      const text = await readRegularFile(file);
      if (text.ok) texts.set(file, text.text);
      else {
        findings.push({
          path: [...base, 'errorPages', ...page.path],
          message: `expected an error page, found ${text.found}: ${file}`,
        });
      }
    }
  }
  for (const [name, { tls }] of draft.upstreams ?? []) {
    if (typeof tls !== 'object') continue;
    const base = ['upstreams', name, 'tls'];
    for (const kind of PEM_KINDS) {
      const named = tls[kind];
      if (named === undefined) continue;
      const file = resolve(folder, named);
      inputs.add(file);
      const text = await readRegularFile(file);
      if (text.ok) texts.set(file, text.text);
      const found = text.ok ? whatIsWrong(kind, text.text) : text.found;
      if (found !== null) {
        findings.push({
          path: [...base, kind],
          message: `expected ${PEM_NAMES[kind]}, found ${found}: ${file}`,
        });
      }
    }
    const [cert, key] = [tls.cert, tls.key].map((named) =>
      named === undefined ? undefined : texts.get(resolve(folder, named)),
    );
    const mismatch = cert === undefined || key === undefined ? null : whyNoPair(cert, key);
    if (mismatch !== null && findings.every(({ path }) => path[1] !== name))
      findings.push({
        path: [...base, 'key'],
        message: `expected the key of \`cert\`, found another (${mismatch})`,
      });
  }
  await readCertificatesFiles(draft.certificates, folder, read);
  return { findings, texts, inputs: [...inputs] };
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
export function errorPageFiles(errorPages: HttpListenerFile['errorPages']): ErrorPageFile[] {
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
