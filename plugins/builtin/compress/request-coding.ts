import type { PluginHeaders } from '../../api.ts';
import type { CodingName } from '../accept-encoding.ts';

/**
 * How a request's body is packed. null: it is not. 'unknown': otherwise, or twice: nobody does that but to have it unpack to
 * what one look does not find.
 */
export function codingOfRequest(headers: PluginHeaders): CodingName | 'deflate' | 'unknown' | null {
  const names = (headers.get('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const [name, ...more] = names;
  if (name === undefined) return null;
  if (more.length > 0) return 'unknown';
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
    case 'br':
    case 'zstd':
      return name;
    default:
      return 'unknown';
  }
}
