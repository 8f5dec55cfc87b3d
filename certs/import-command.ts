import { X509Certificate } from 'node:crypto';
import { CommandError } from './command-error.ts';
import { NOTHING, type CommandOutcome, type CommandParts } from './command-outcome.ts';
import type { CommandTarget } from './command-target.ts';
import { IMPORTED } from './imported-certificates.ts';
import { parseFile, pemBlocks, toFile } from './stored-pem.ts';

/** Keeps a certificate from elsewhere in the storage and serves it. Throws CommandError for what cannot be served. */
export async function importCertificate(
  target: CommandTarget,
  pem: { readonly cert: string; readonly key: string },
  { now, waitMs }: CommandParts,
): Promise<CommandOutcome> {
  const result = parseFile(toFile(pem.cert, pem.key));
  if (!result.ok) throw new CommandError(`the certificate cannot be imported: ${result.problem}`);
  const { leaf, keyType, names, cert, key } = result.pem;
  const [first] = names;
  if (first === undefined) throw new CommandError('the certificate cannot be imported: it has no DNS name');
  const notAfter = leaf.validToDate;
  if (notAfter.getTime() <= now())
    throw new CommandError(
      `the certificate cannot be imported: it ended on ${notAfter.toISOString()}; get a new one from who issued it`,
    );
  const managed = target
    .managed()
    .find((each) => each.place.keyType === keyType && each.names.every((name) => names.includes(name)));
  const place = managed?.place ?? { name: first, keyType };
  const { storage, store } = target;
  const unlock = await storage
    .lock(`certificates/${place.name}.${keyType}`, AbortSignal.timeout(waitMs))
    .catch((error: unknown) => {
      if (error instanceof DOMException)
        throw new CommandError(`an order for ${place.name} is under way: import it again when that is over`);
      throw error;
    });
  try {
    const notes = { issuer: IMPORTED, obtainedAt: new Date(now()), orderUrl: null, window: null };
    await store.save(place, { cert, key }, notes);
  } finally {
    await unlock();
  }
  await Promise.all([managed?.look(), target.lookForImported()]);
  const until = `valid until ${notAfter.toISOString()}`;
  const fate =
    managed === undefined
      ? 'nobody renews it: import its successor before that'
      : 'it is renewed by an order, since the config names it';
  return {
    ...NOTHING,
    changes: [`${names.join(', ')} (${keyType}): imported, ${until}; ${fate}`],
    warnings: importWarnings(cert, leaf, now()),
  };
}

function importWarnings(cert: string, leaf: X509Certificate, now: number): string[] {
  const chain = pemBlocks(cert).map(({ pem }) => new X509Certificate(pem));
  const warnings: string[] = [];
  const broken = chain.findIndex((each, at) => {
    const next = chain[at + 1];
    return next !== undefined && !each.checkIssued(next);
  });
  if (broken !== -1)
    warnings.push(
      `certificate ${broken + 2} of the chain did not issue the one before it: clients may refuse it`,
    );
  else if (chain.length === 1 && !leaf.checkIssued(leaf))
    warnings.push('it comes without the certificates of its chain: clients may refuse it');
  if (leaf.validFromDate.getTime() > now)
    warnings.push(`it is not valid before ${leaf.validFromDate.toISOString()}`);
  return warnings;
}
