import { join, relative } from 'node:path';
import type { CertificateDetails, ShownCertificate } from '../../admin/certificate-details.ts';
import { printable } from '../printable.ts';
import { age } from '../status-text.ts';

type Line = readonly [title: string, ...values: readonly string[]];

/** Everything about some certificates, for people. `folder`: that of the config. */
export function detailsText(
  { storage, certificates }: CertificateDetails,
  now: number,
  folder: string,
): string {
  const blocks = certificates.map((row) =>
    [...standingLines(row, now), ...certificateLines(row, now), ...storageLines(row, storage, folder)]
      .flatMap(([title, ...values]) =>
        values.map((value, at) => `${(at === 0 ? title : '').padEnd(14)}${printable(value)}`.trimEnd()),
      )
      .join('\n'),
  );
  return `${blocks.join('\n\n')}\n`;
}

function standingLines(row: ShownCertificate, now: number): Line[] {
  const { names, kind, keyType, standing, isOrdering, nextOrderAt, lastError } = row;
  return [
    ['names', ...names],
    ['kind', kind],
    ['key type', keyType],
    ['state', isOrdering ? `${standing}, order under way` : standing],
    ['next renewal', nextOrderAt === null ? 'none' : nextOrderAt <= now ? 'due' : when(nextOrderAt, now)],
    ['last error', lastError === null ? 'none' : `${when(lastError.at, now)}: ${lastError.message}`],
  ];
}

function certificateLines({ certificate, details }: ShownCertificate, now: number): Line[] {
  if (certificate === null) return [['certificate', 'none yet: a placeholder is served']];
  const { issuer, serial, notBefore, notAfter } = certificate;
  const lines: Line[] = [
    ['issuer', issuer],
    ['serial', serial],
    ['valid from', when(notBefore, now)],
    ['valid until', when(notAfter, now)],
  ];
  if (details === null) return lines;
  const { obtainedAt, fingerprint256, subjectAltNames, chain, window } = details;
  return [
    ...lines,
    ...(obtainedAt === null ? [] : [['obtained', when(obtainedAt, now)] satisfies Line]),
    ['SHA-256', fingerprint256],
    ['SAN', ...subjectAltNames],
    ['chain', ...chain.map((link) => `${link.subject || '(no subject)'} by ${link.issuer}`)],
    [
      'ARI window',
      window === null
        ? 'none'
        : `${iso(window.start)} to ${iso(window.end)}, chosen ${iso(window.renewAt)}${window.explanationUrl === null ? '' : ` (${window.explanationUrl})`}`,
    ],
    ['OCSP staple', stapleText(details, now)],
  ];
}

function stapleText(
  { responder, staple, mustStaple }: NonNullable<ShownCertificate['details']>,
  now: number,
): string {
  const must = mustStaple ? ', must-staple' : '';
  if (responder === null) return `none: it names no responder${must}`;
  if (staple === null) return `none at hand, from ${responder}${must}`;
  return `from ${responder}, good until ${when(staple.nextUpdate, now)}${must}`;
}

function storageLines({ file }: ShownCertificate, storage: string, folder: string): Line[] {
  if (file === null) return [['stored in', 'not stored']];
  const path = join(storage, file);
  const near = relative(folder, path);
  return [['stored in', near.startsWith('..') ? path : near]];
}

function when(time: number, now: number): string {
  return `${iso(time)} (${time > now ? `in ${age(time - now)}` : `${age(now - time)} ago`})`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
