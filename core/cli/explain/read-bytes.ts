/** `hex:16 03 01`, `base64:FgMB`, or text, which is UTF-8. Null for what is neither. */
export function readBytes(text: string): Buffer | null {
  const [, encoding, rest = ''] = /^(hex|base64):(.*)$/s.exec(text) ?? [];
  if (encoding === undefined) return Buffer.from(text);
  const digits = rest.replaceAll(/\s/g, '');
  const shape = encoding === 'hex' ? /^(?:[0-9a-f]{2})*$/i : /^[0-9A-Za-z+/_-]*={0,2}$/;
  return shape.test(digits) ? Buffer.from(digits, encoding === 'hex' ? 'hex' : 'base64') : null;
}
