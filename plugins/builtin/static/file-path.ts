/** Where a path leads below the folder. */
export interface FilePath {
  readonly segments: readonly string[];
  /** It ends with a slash: a folder, and no file. */
  readonly isFolder: boolean;
}

/**
 * Reads the path of a URL. null: it leads to no file, or is read by some as leading elsewhere: encoded slashes, backslashes,
 * NUL, dot segments, empty segments.
 */
export function readFilePath(path: string, dotFiles: boolean): FilePath | null {
  if (path === '') return { segments: [], isFolder: false };
  if (!path.startsWith('/')) return null;
  const parts = path.slice(1).split('/');
  const isFolder = parts.at(-1) === '';
  if (isFolder) parts.pop();
  const segments: string[] = [];
  for (const part of parts) {
    const segment = decoded(part);
    if (segment === null || segment === '' || /[/\\\0]/.test(segment)) return null;
    if (segment === '.' || segment === '..' || (!dotFiles && segment.startsWith('.'))) return null;
    segments.push(segment);
  }
  return { segments, isFolder };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
