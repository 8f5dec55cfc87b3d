import { isIP } from 'node:net';
import { Reader, type CountryResponse } from 'maxmind';
import type { FileReading } from '../watched-file.ts';

const MOST_BYTES = 512 * 2 ** 20;
/** Of the records that were read last; all addresses of a country mostly share one. */
const RECORDS_KEPT = 5000;

/** The ISO code of an address' country; null where the file has none. */
export type CountryOf = (address: string) => string | null;

/** A MaxMind database (`.mmdb`) of countries or cities. */
export function countryFile(path: string): FileReading<CountryOf> {
  return { path, mostBytes: MOST_BYTES, read: (content, file) => Promise.resolve(open(content, file)) };
}

function open(content: Buffer, file: string): CountryOf {
  const records = new Map<string | number, unknown>();
  const cache = {
    get: (key: string | number) => records.get(key),
    set: (key: string | number, record: unknown) => {
      if (records.size >= RECORDS_KEPT) records.clear();
      records.set(key, record);
    },
  };
  let reader: Reader<CountryResponse>;
  try {
    reader = new Reader<CountryResponse>(content, { cache });
  } catch (error) {
    throw new Error(`${file}: this is no MaxMind database`, { cause: error });
  }
  return (address) => {
    // a zone says that it is of this network, which is in no country
    if (isIP(address) === 0 || address.includes('%')) return null;
    const code: unknown = reader.get(address)?.country?.iso_code;
    return typeof code === 'string' ? code : null;
  };
}
