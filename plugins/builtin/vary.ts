import type { PluginHeaders } from '../api.ts';

/** Says that an answer depends on these request fields too (RFC 9110 12.5.5). */
export function addVary(headers: PluginHeaders, names: readonly string[]): void {
  const there = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (there.includes('*')) return;
  const missing = names.filter((name) => !there.includes(name.toLowerCase()));
  if (missing.length === 0) return;
  const before = headers.get('vary');
  headers.set(
    'Vary',
    before === null || before.trim() === '' ? missing.join(', ') : `${before}, ${missing.join(', ')}`,
  );
}
