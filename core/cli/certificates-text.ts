import type { CertificateRow } from '../admin/certificate-row.ts';
import { table } from './table.ts';

/** More than that of those obtained on demand are counted, not shown: there may be thousands. */
const SHOWN_ON_DEMAND = 20;

/**
 * The certificates as an aligned table for people. `age`: a length of time in words; `most`: of those obtained on
 * demand.
 */
export function certificatesText(
  rows: readonly CertificateRow[],
  now: number,
  age: (ms: number) => string,
  most = SHOWN_ON_DEMAND,
): string {
  const onDemand = rows.filter((row) => row.kind === 'on-demand').toSorted((a, b) => urgency(a) - urgency(b));
  const shown = [...rows.filter((row) => row.kind !== 'on-demand'), ...onDemand.slice(0, most)];
  const text = table(
    ['CERTIFICATE', 'KIND', 'KEY', 'ISSUER', 'STATE', 'EXPIRES', 'NEXT RENEWAL', 'LAST ERROR'],
    shown.map(({ kind, names, keyType, certificate, nextOrderAt, lastError, ...row }) => [
      namesText(names),
      kind,
      keyType,
      certificate?.issuer ?? '-',
      row.isOrdering ? `${row.standing}, order under way` : row.standing,
      certificate === null ? '-' : until(certificate.notAfter, now, age),
      nextOrderAt === null ? '-' : nextOrderAt <= now ? 'due' : `in ${age(nextOrderAt - now)}`,
      lastError === null ? '-' : `${age(now - lastError.at)} ago: ${lastError.message}`,
    ]),
  );
  const more = onDemand.length - most;
  return more > 0 ? `${text}\nand ${more} more on demand` : text;
}

function namesText(names: readonly string[]): string {
  const [first = '', ...others] = names;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function until(time: number, now: number, age: (ms: number) => string): string {
  return time <= now ? `${age(now - time)} ago` : `in ${age(time - now)}`;
}

/** Those that need looking at come first. */
function urgency({ standing, lastError }: CertificateRow): number {
  return standing === 'fine' && lastError === null ? 1 : 0;
}
