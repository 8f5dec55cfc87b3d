import { crossChecks } from '../../core/config/cross-checks.ts';
import { draftOf } from '../../core/config/draft.ts';
import { pathText } from '../../core/config/finding.ts';
import { schemaFindings } from '../../core/config/schema-findings.ts';
import { configSchema } from '../../core/config/schema.ts';

/** What is wrong with a config's content, as `path: message`. */
export function findingsIn(content: unknown): string[] {
  const parsed = configSchema.safeParse(content);
  const findings = [
    ...(parsed.success ? [] : schemaFindings(parsed.error.issues)),
    ...crossChecks(draftOf(content)),
  ];
  return findings.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

/** A config in which nothing is wrong, with these keys of its only listener, of its only upstream, and of its top changed. */
export function contentWith(changes: { listener?: object; upstream?: object; top?: object }): object {
  return {
    listeners: [{ name: 'web', address: ':8080', upstream: 'site', ...changes.listener }],
    upstreams: { site: { backends: [{ address: '127.0.0.1:9001' }], ...changes.upstream } },
    ...changes.top,
  };
}
