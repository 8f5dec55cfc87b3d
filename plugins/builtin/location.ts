import type { PluginExchange } from '../api.ts';
import type { Groups } from './patterns.ts';
import { encodeForUrl, render, type Template } from './templates.ts';

/** A scheme and the beginning of a host name that is whole: what follows is no longer part of the name. */
const ENDED_HOST = /^https?:\/\/[^/?#]*[^/?#.:@-]$/;

/**
 * A Location of a template and what a client sent. What the client sent chooses no host: a value right behind a host name
 * begins a path (`https://new.example{1}` with `.evil.example`), and a path that begins with two slashes, which would
 * name one, loses one of them.
 */
export function locationOf(template: Template, exchange: PluginExchange, groups: Groups): string {
  let location = '';
  for (const part of template.parts) {
    if (typeof part === 'string') {
      location += part;
      continue;
    }
    const value = encodeForUrl(render({ parts: [part] }, exchange, groups));
    const needsSlash =
      ENDED_HOST.test(location) && part.name !== 'local_port' && value !== '' && !/^[/?#]/.test(value);
    location += `${needsSlash ? '/' : ''}${value}`;
  }
  return isAbsolute(template) ? location : location.replace(/^[/\\]*/, '/');
}

/** Whether the template itself says so, and not what stands in for its beginning. */
function isAbsolute({ parts: [start] }: Template): boolean {
  return typeof start === 'string' ? /^https?:\/\//.test(start) : start?.name === 'scheme';
}
