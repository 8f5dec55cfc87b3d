import { isIP } from 'node:net';

/** The addresses that a hosts file (`address name alias…`, `#` begins a comment) gives a name. */
export function addressesInHosts(text: string, name: string): string[] {
  const wanted = name.toLowerCase();
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return isIP(address) !== 0 && names.some((each) => each.toLowerCase() === wanted) ? [address] : [];
  });
}
