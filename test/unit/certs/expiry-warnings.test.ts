import { expect, test } from 'vitest';
import { ExpiryWarnings } from '../../../certs/expiry-warnings.ts';
import { recordingLog } from '../../support/recording-log.ts';

const [notBefore, notAfter, obtainedAt] = [new Date(1), new Date(2), new Date(1)];
const pem = { cert: '', key: '', issuer: 'https://ca.test/dir', serial: '01' };
const one = { names: ['a.test'], keyType: 'ecdsa-p256', obtainedAt, notBefore, notAfter, ...pem } as const;

test('each state of each certificate is told once, unless all is well', () => {
  const { log, lines } = recordingLog();
  const warnings = new ExpiryWarnings(log, 'a certificate');
  const states = ['early', 'fine', 'near', 'near', 'fine', 'near', 'expired', 'expired'] as const;
  for (const state of states) warnings.warn(one, state, { lastError: 'no' });
  warnings.warn({ ...one, names: ['b.test'] }, 'expired');
  expect(lines.map(({ message, fields }) => [message, fields['names']])).toEqual([
    ['a certificate is not valid yet', ['a.test']],
    ['a certificate expires soon', ['a.test']],
    ['a certificate has expired', ['a.test']],
    ['a certificate has expired', ['b.test']],
  ]);
  expect(lines[0]?.fields).toMatchObject({ notBefore: notBefore.toISOString() });
  expect(lines[1]?.fields).toMatchObject({ notAfter: notAfter.toISOString(), lastError: 'no' });
});
