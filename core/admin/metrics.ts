import type { CertificateRow } from './certificate-row.ts';
import { gauge, type Sample } from './metric-text.ts';
import { listenerMetrics } from './listener-metrics.ts';
import type { StatusReport } from './status-report.ts';

/** Of the text format for metrics, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** The answer to `GET /metrics`. */
export function metricsText({ tidegate, lastReload, certificates, listeners }: StatusReport): string {
  return [
    gauge('tidegate_info', 'The version that runs.', [[{ version: tidegate }, 1]]),
    gauge('tidegate_last_reload_ok', 'Whether the last attempt to load the config was accepted.', [
      [{}, Number(lastReload.ok)],
    ]),
    gauge(
      'tidegate_certificate_expiry_timestamp_seconds',
      'When a certificate ends, in Unix time; 0 where there is none yet.',
      certificates.map((row) => sampleOf(row, (row.certificate?.notAfter ?? 0) / 1000)),
    ),
    gauge(
      'tidegate_certificate_warning',
      'Whether a certificate is missing, expired, not valid yet, or near its end and not renewed.',
      certificates.map((row) => sampleOf(row, Number(row.standing !== 'fine'))),
    ),
    gauge(
      'tidegate_certificate_last_error_timestamp_seconds',
      'When the last order for a certificate failed, in Unix time; 0 where none did since it was obtained.',
      certificates.map((row) => sampleOf(row, (row.lastError?.at ?? 0) / 1000)),
    ),
    ...listenerMetrics(listeners),
  ].join('');
}

/** By all its names: two certificates may share some of them, and no two series may have the same labels. */
function sampleOf({ names, kind, keyType }: CertificateRow, value: number): Sample {
  return [{ names: names.join(','), kind, key_type: keyType }, value];
}
