import { expect, test } from 'vitest';
import { certificate } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { connectTo, expectAnswer, httpsFiles } from '../../integration/tls/processes.ts';

const renewed = certificate('one-renewed');

test('changed files are served by all workers without a reload, and no connection is lost', async () => {
  const tidegate = await runTidegate({ workers: 'real', files: httpsFiles('one') });
  const before = await Promise.all(Array.from({ length: 6 }, () => connectTo(tidegate)));
  const old = before[0]?.fingerprint;
  await Promise.all(before.map(expectAnswer));
  await tidegate.write('site.key', renewed.key);
  await tidegate.write('site.pem', renewed.cert);
  const changed = await tidegate.line('certificates changed');
  expect(JSON.stringify(changed['files'])).toContain('site.pem');
  // Whichever worker takes it.
  await poll(async () => {
    const fingerprints = await Promise.all(
      Array.from({ length: 6 }, async () => (await connectTo(tidegate)).fingerprint),
    );
    return fingerprints.every((each) => each !== old);
  });
  await poll(async () => (await connectTo(tidegate, { servername: '' })).fingerprint !== old);
  await Promise.all(before.map(expectAnswer));
  expect(tidegate.lines.filter(({ msg }) => msg === 'reloaded')).toEqual([]);
});

test('a half-written certificate is refused loudly, and the old one goes on serving', async () => {
  const tidegate = await runTidegate({ workers: 'real', files: httpsFiles('one') });
  const old = (await connectTo(tidegate)).fingerprint;
  await tidegate.write('site.pem', renewed.cert.slice(0, 200));
  const refused = await tidegate.line('changed certificates can not be used; those of before go on serving');
  expect(JSON.stringify(refused['problems'])).toContain('expected a certificate in PEM');
  expect((await connectTo(tidegate)).fingerprint).toBe(old);
  const mismatched = tidegate.nextLine('changed certificates can not be used; those of before go on serving');
  await tidegate.write('site.pem', renewed.cert);
  expect(JSON.stringify((await mismatched)['problems'])).toContain('expected the private key of');
  expect((await connectTo(tidegate)).fingerprint).toBe(old);
  await tidegate.write('site.key', renewed.key);
  await poll(async () => (await connectTo(tidegate)).fingerprint !== old);
});
