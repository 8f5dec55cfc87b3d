import type { PluginHeaders } from '../api.ts';

/**
 * Takes out a field and those that CGI and its heirs take for it, with `_` in place of `-`: a client must not speak in the
 * proxy's name by another spelling.
 */
export function deleteWithLookalikes(headers: PluginHeaders, name: string): void {
  const wanted = foldName(name);
  const names = new Set([...headers].map(([each]) => each.toLowerCase()));
  for (const each of names) if (foldName(each) === wanted) deleteIfAllowed(headers, each);
}

/** A field that may not be changed (`X_Forwarded_For` beside the proxy's own) is not passed on either. */
export function deleteIfAllowed(headers: PluginHeaders, name: string): void {
  try {
    headers.delete(name);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function foldName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
