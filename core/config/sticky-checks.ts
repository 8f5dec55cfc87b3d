import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import type { StickyFile } from './sticky-schema.ts';

type Setting = Exclude<keyof StickyFile, 'type'>;

/** The settings that each type has. */
const SETTINGS: Readonly<Record<StickyFile['type'], readonly Setting[]>> = {
  cookie: ['name', 'path', 'domain', 'secure', 'httpOnly', 'sameSite', 'maxAge', 'key'],
  'app-cookie': ['name', 'prefix', 'key', 'ttl', 'size'],
  source: ['ttl', 'size'],
};

/** What the settings of sticky sessions have to do with their type and with each other. */
export function stickyFindings({ upstreams }: Draft): Finding[] {
  return [...(upstreams ?? [])].flatMap(([name, { sticky }]) =>
    sticky === undefined ? [] : findingsOf(sticky, ['upstreams', name, 'sticky']),
  );
}

function findingsOf(sticky: StickyFile, path: readonly PropertyKey[]): Finding[] {
  const { type, ...given } = sticky;
  const known: readonly string[] = SETTINGS[type];
  const findings: Finding[] = Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: [...path, key], message: `expected none with ${type}` }));
  if (type === 'app-cookie' && sticky.name === undefined)
    findings.push({ path, message: 'expected the `name` of the cookie that backends set, found none' });
  if (type === 'app-cookie')
    for (const key of sticky.prefix === true ? (['ttl', 'size'] as const) : (['key'] as const))
      if (sticky[key] !== undefined)
        findings.push({
          path: [...path, key],
          message: `expected it ${key === 'key' ? 'with' : 'without'} \`prefix: true\` only`,
        });
  if (sticky.sameSite === 'none' && sticky.secure === false)
    findings.push({
      path: [...path, 'secure'],
      message: 'expected true or "auto" with `sameSite: none`, which browsers refuse otherwise, found false',
    });
  return findings;
}
