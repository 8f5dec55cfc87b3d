import { Resolver } from 'node:dns/promises';

import type { NameSources } from '../../core/primary/names/name-source.ts';

/** Only that server, and nothing of this machine. */
export function sourcesOf(port: number): NameSources {
  return {
    hostsFile: '/nonexistent/hosts',
    createResolver() {
      const resolver = new Resolver({ timeout: 250, tries: 2 });
      resolver.setServers([`127.0.0.1:${port}`]);
      return resolver;
    },
    lookup: () => Promise.reject(Object.assign(new Error('not asked'), { code: 'ENOTFOUND' })),
  };
}
