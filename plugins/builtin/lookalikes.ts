import type { PluginHeaders } from '../api.ts';

/**
 * Takes out a field and those that CGI and its heirs take for it, with `_` in place of `-`: a client must not speak in the
 * proxy's name by another spelling.
 */
export function deleteWithLookalikes(headers: PluginHeaders, name: string): void {
  const wanted = foldName(name);
  const names = new Set([...headers].map(([each]) => each.toLowerCase()));
  for (const each of names) if (foldName(each) === wanted) headers.delete(each);
}

function foldName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
