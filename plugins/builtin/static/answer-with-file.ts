import type { PluginAnswer, PluginExchange } from '../../api.ts';
import { httpDate } from '../http-date.ts';
import { failedPrecondition, rangeOf, type ByteRange } from '../preconditions.ts';
import { FileBody, UNREAD } from './file-body.ts';
import { typeOfFile } from './file-types.ts';
import type { FoundFile } from './find-file.ts';
import type { OpenFile } from './folder.ts';
import type { Options } from './options.ts';

/** Files up to here are sent in one piece with their head. */
const WHOLE_BYTES = 64 * 1024;

/** The answer for an open file, which is closed, or closes itself when it is sent. `path`: of the file that it is in truth, if it is packed. */
export async function answerWithFile(
  { request, signal }: PluginExchange,
  { file, coding }: FoundFile,
  path: string,
  { types, cacheControl, precompressed }: Options,
): Promise<PluginAnswer> {
  const { handle, bytes } = file;
  const validators = validatorsOf(file, coding);
  const headers: Record<string, string> = {
    ETag: validators.tag,
    'Last-Modified': httpDate(validators.modifiedMs),
  };
  const rule = cacheControl.find(({ files }) => files.fits(path));
  if (rule !== undefined) headers['Cache-Control'] = rule.value;
  if (precompressed.length > 0) headers['Vary'] = 'Accept-Encoding';
  const failed = failedPrecondition(request.headers, validators);
  if (failed !== null) {
    await handle.close();
    return { status: failed, headers };
  }
  headers['Accept-Ranges'] = 'bytes';
  // RFC 9110 14.2: of GET alone.
  const range = request.method === 'GET' ? rangeOf(request.headers, bytes, validators) : null;
  if (range === 'unsatisfiable') {
    await handle.close();
    return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${bytes}` } };
  }
  headers['Content-Type'] = typeOfFile(path, types);
  if (coding !== null) headers['Content-Encoding'] = coding;
  if (range !== null) headers['Content-Range'] = `bytes ${range.start}-${range.end - 1}/${bytes}`;
  const { start, end } = range ?? { start: 0, end: bytes };
  const status = range === null ? 200 : 206;
  if (request.method === 'HEAD') {
    await handle.close();
    return { status, headers, body: UNREAD, length: bytes };
  }
  if (end - start > WHOLE_BYTES)
    return { status, headers, body: new FileBody(handle, start, end - start, signal), length: end - start };
  return { status, headers, body: await readPart(file, { start, end }) };
}

function validatorsOf(
  { bytes, modifiedNs }: OpenFile,
  coding: string | null,
): { readonly tag: string; readonly modifiedMs: number } {
  const suffix = coding === null ? '' : `-${coding}`;
  // RFC 9110 8.8.2.1: not in the future, as clocks of machines differ.
  const modifiedMs = Math.min(Number(modifiedNs / 1_000_000n), Date.now());
  return {
    tag: `"${modifiedNs.toString(36)}-${bytes.toString(36)}${suffix}"`,
    modifiedMs: Math.floor(modifiedMs / 1000) * 1000,
  };
}

async function readPart({ handle }: OpenFile, { start, end }: ByteRange): Promise<Buffer> {
  try {
    const part = Buffer.allocUnsafeSlow(end - start);
    let read = 0;
    while (read < part.length) {
      const { bytesRead } = await handle.read(part, read, part.length - read, start + read);
      if (bytesRead === 0) throw new Error('the file has become shorter while it was read');
      read += bytesRead;
    }
    return part;
  } finally {
    await handle.close();
  }
}
