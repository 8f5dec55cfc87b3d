import { expect, test } from 'vitest';
import type { CertificateRow } from '../../../core/admin/certificate-row.ts';
import { metricsText } from '../../../core/admin/metrics.ts';
import { statusReport } from '../../../core/admin/status-report.ts';

const row: CertificateRow = {
  kind: 'managed',
  names: ['a.test', '*.a.test'],
  keyType: 'ecdsa-p256',
  certificate: { issuer: 'https://ca.test/dir', serial: '01', notBefore: 0, notAfter: 1_800_000_000_500 },
  standing: 'fine',
  isOrdering: false,
  nextOrderAt: null,
  lastError: null,
};

function linesOf(certificates: readonly CertificateRow[], ok = true): string[] {
  const report = statusReport.parse({
    tidegate: '1.2.3-"x"',
    pid: 1,
    configFile: '/c',
    uptimeMs: 1,
    snapshot: { version: 1, at: 1 },
    lastReload: {
      ok,
      trigger: 'start',
      version: 1,
      at: 1,
      durationMs: 1,
      problems: [],
      warnings: [],
      changes: [],
    },
    workers: [],
    listeners: [],
    upstreams: [],
    rules: [],
    certificates,
  });
  return metricsText(report)
    .split('\n')
    .filter((line) => !line.startsWith('#'));
}

const labels = '{names="a.test,*.a.test",kind="managed",key_type="ecdsa-p256"}';

test('a certificate that is fine: its end, and no warning', () => {
  expect(linesOf([row])).toEqual([
    'tidegate_info{version="1.2.3-\\"x\\""} 1',
    'tidegate_last_reload_ok 1',
    `tidegate_certificate_expiry_timestamp_seconds${labels} 1800000000.5`,
    `tidegate_certificate_warning${labels} 0`,
    `tidegate_certificate_last_error_timestamp_seconds${labels} 0`,
    '',
  ]);
});

test.each(['missing', 'early', 'near', 'expired'] as const)('one that is %s: a warning', (standing) => {
  expect(linesOf([{ ...row, standing }])).toContain(`tidegate_certificate_warning${labels} 1`);
});

test('one that there is none of yet, and whose order failed', () => {
  const lines = linesOf([
    { ...row, certificate: null, standing: 'missing', lastError: { at: 1_700_000_000_000, message: 'no' } },
  ]);
  expect(lines).toContain(`tidegate_certificate_expiry_timestamp_seconds${labels} 0`);
  expect(lines).toContain(`tidegate_certificate_last_error_timestamp_seconds${labels} 1700000000`);
});

test('a reload that was refused', () => {
  expect(linesOf([], false)).toContain('tidegate_last_reload_ok 0');
});
