import { readAddress } from '../../core/shared/address-words.ts';

/** Stands in for `node:net` inside the sandbox, where `core/shared/cidr.ts` wants this one function of it. */
export function isIP(text: string): 0 | 4 | 6 {
  if (readAddress(text) === 0) return 0;
  return text.includes(':') ? 6 : 4;
}
