/** What every measured request carries besides Host: about what a browser's fetch sends. */
export const requestHeaders: readonly (readonly [name: string, value: string])[] = [
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'],
  ['Accept', 'application/json, text/html;q=0.9, */*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.9'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Cookie', 'session=0123456789abcdef; theme=dark'],
];
