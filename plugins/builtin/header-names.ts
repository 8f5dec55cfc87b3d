import { z } from 'zod';
import { readText, wants } from './fields.ts';

/** The proxy's own: framing, connection fields and Host. */
const OWNED =
  /^(?:connection|content-length|expect|host|http2-settings|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;

/** `name`: in lower case, with `-`, as backends may read one with `_`. */
const mayChange = (name: string): boolean => !OWNED.test(name.toLowerCase().replaceAll('_', '-'));

/** The name of a field that a plugin may set. */
export const changeable = z
  .string()
  .refine((name) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && mayChange(name), {
    error: wants("a header field's name that is not the proxy's own"),
  });

/** A field that a plugin may take out, or all that begin so: `x-internal-*`. In lower case. */
export const removable = readText('a field\'s name, or its beginning and a *: "x-internal-*"', (name) =>
  /^[!#$%&'+\-.^_`|~0-9A-Za-z]+\*?$/.test(name) && mayChange(name) ? name.toLowerCase() : undefined,
);
