import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';
import type { LocalAnswer } from './respond.ts';

const NAME = 'Strict-Transport-Security';

/** The listener's word in place of a backend's, where the client came over TLS: RFC 6797 7.2 has none of it over plain HTTP. */
export function addHsts({ scheme, service }: Exchange, headers: HeaderList): void {
  const { hsts } = service.config;
  if (hsts !== null && scheme === 'https') headers.set(NAME, hsts);
}

/** What a rule says in its own answer goes before. */
export function withHsts({ scheme, service }: Exchange, answer: LocalAnswer): LocalAnswer {
  const { hsts } = service.config;
  if (hsts === null || scheme !== 'https') return answer;
  if (answer.headers.some(([name]) => name.toLowerCase() === NAME.toLowerCase())) return answer;
  return { ...answer, headers: [...answer.headers, [NAME, hsts]] };
}
