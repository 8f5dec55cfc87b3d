import type { AddressBackend } from '../upstreams/backend.ts';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';

const HIGHEST = 65_535;

/**
 * Takes the weight that a backend reports of itself out of its answer, where the upstream's scheduler goes by
 * it. It is meant for the proxy: clients do not get it. What is no whole number from 0 to 65535 changes nothing.
 */
export function takeReportedWeight(
  { upstream }: Exchange,
  backend: AddressBackend,
  headers: HeaderList,
): void {
  const name = upstream?.config.scheduler.header ?? null;
  if (name === null) return;
  const value = headers.get(name);
  if (value === null) return;
  headers.delete(name);
  const weight = /^\d{1,5}$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY;
  if (weight <= HIGHEST) backend.runtime.reportedWeight = weight;
}
