import type { CodingName } from '../accept-encoding.ts';
import { readAcceptEncoding } from '../accept-encoding.ts';
import { readFilePath } from './file-path.ts';
import type { Folder, OpenFile } from './folder.ts';
import type { Options } from './options.ts';

export interface FoundFile {
  readonly file: OpenFile;
  /** How it is packed; null: as it is. */
  readonly coding: CodingName | null;
}

const FILE_ENDS: Readonly<Record<CodingName, string>> = { zstd: '.zst', br: '.br', gzip: '.gz' };

/** What a path stands for: a file, a folder's index, one of `try`. 'slash': a folder's, asked for without its slash. */
export async function findFile(
  folder: Folder,
  path: string,
  { index, try: others, dotFiles }: Options,
): Promise<OpenFile | 'slash' | null> {
  const found = await findAt(folder, path, index, dotFiles);
  if (found !== null) return found;
  for (const other of others) {
    const there = await findAt(
      folder,
      other.replaceAll('{path}', () => path.replace(/\/$/, '')),
      index,
      dotFiles,
    );
    if (there === 'slash' || there === null) continue;
    return there;
  }
  return null;
}

async function findAt(
  folder: Folder,
  path: string,
  index: readonly string[],
  dotFiles: boolean,
): Promise<OpenFile | 'slash' | null> {
  const wanted = readFilePath(path, dotFiles);
  if (wanted === null) return null;
  const { segments, isFolder } = wanted;
  const found = await folder.open(segments);
  if (found === null) return null;
  if (found !== 'folder') {
    if (!isFolder) return found;
    await found.handle.close();
    return null;
  }
  for (const name of index) {
    const file = await folder.open([...segments, name]);
    if (file === null || file === 'folder') continue;
    if (isFolder) return file;
    await file.handle.close();
    return 'slash';
  }
  return null;
}

/** The file, or what lies packed beside it in the coding that is wanted most. Closes the one that it does not give. */
export async function packedOr(
  folder: Folder,
  file: OpenFile,
  acceptEncoding: string | null,
  available: readonly CodingName[],
): Promise<FoundFile> {
  const acceptance = readAcceptEncoding(acceptEncoding);
  const wanted = available
    .map((coding) => ({ coding, quality: acceptance.qualityOf(coding) }))
    .filter(({ quality }) => quality > 0 && quality >= (acceptance.identity ?? 0))
    .toSorted((a, b) => b.quality - a.quality);
  for (const { coding } of wanted) {
    const packed = await folder.open(`${file.path}${FILE_ENDS[coding]}`.slice(1).split('/'));
    if (packed === null || packed === 'folder') continue;
    await file.handle.close();
    return { file: packed, coding };
  }
  return { file, coding: null };
}
