import { z } from 'zod';
import { definePlugin, textAnswer, type PluginAnswer, type PluginHeaders } from '../../api.ts';
import { conditions, findIn } from '../conditions.ts';
import { fieldName, flag, object, record, text, wants } from '../fields.ts';
import { deleteWithLookalikes } from '../lookalikes.ts';
import { watchedFile } from '../watched-file.ts';
import { readPasswordHash, type PasswordHash } from './password-hash.ts';
import { readUsers, type Users } from './users.ts';
import { Verifier } from './verifier.ts';

const LARGEST_FILE = 8 * 1024 * 1024;
/** Of name and password; bcrypt itself looks at 72 bytes of a password. */
const LONGEST_CREDENTIALS = 1024;

const passwordHash = text('the hash of a password').transform((given, context): PasswordHash => {
  try {
    return readPasswordHash(given);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const options = object({
  ...conditions,
  /** What browsers show. */
  realm: z
    .string()
    .regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, {
      error: wants('a text of ASCII characters, without " and \\'),
    })
    .default('Restricted'),
  /** Names with hashes of their passwords. */
  users: record(z.string().regex(/^[^:]+$/, { error: 'a name cannot have a colon' }), passwordHash).default(
    {},
  ),
  /** A file as `htpasswd` writes it, read again when it changes. A name in `users` goes before the same one in it. */
  file: text('the path of a file').optional(),
  /** A field that tells backends who it is; one that a client sends is taken out. */
  userHeader: fieldName().optional(),
  /** Whether backends see the password (the Authorization field). */
  keepAuthorization: flag.default(false),
}).refine(({ users, file }) => file !== undefined || Object.keys(users).length > 0, {
  error: 'nobody could get in: expected `users` or a `file`',
});
export type BasicAuthOptions = z.input<typeof options>;

/** Asks for a name and a password (RFC 7617). */
export default definePlugin({
  name: 'basic-auth',
  options,
  async create(given, context) {
    const inOptions = Object.entries(given.users);
    const users =
      given.file === undefined
        ? { value: new Map(inOptions) }
        : await watchedFile(context, {
            path: given.file,
            mostBytes: LARGEST_FILE,
            read: async (content, path): Promise<Users> =>
              new Map([...readUsers(content.toString(), path), ...inOptions]),
          });
    const verifier = new Verifier(() => users.value);
    const challenge = textAnswer(401, 'A name and a password are needed.\n');
    const asksFor: PluginAnswer = {
      ...challenge,
      headers: { ...challenge.headers, 'WWW-Authenticate': `Basic realm="${given.realm}", charset="UTF-8"` },
    };
    return {
      async request(exchange) {
        if (findIn(given, exchange) === null) return undefined;
        const { headers } = exchange.request;
        if (given.userHeader !== undefined) deleteWithLookalikes(headers, given.userHeader);
        const credentials = readCredentials(headers);
        if (credentials === null) return asksFor;
        const verdict = await verifier.verify(credentials.name, credentials.password);
        if (verdict === 'busy') {
          const busy = textAnswer(503, 'Too many passwords are being looked at.\n');
          return { ...busy, headers: { ...busy.headers, 'Retry-After': '1' } };
        }
        if (verdict === 'bad') return asksFor;
        exchange.setLogField('user', credentials.name);
        if (!given.keepAuthorization) headers.delete('authorization');
        if (given.userHeader !== undefined) headers.set(given.userHeader, fieldValue(credentials.name));
        return undefined;
      },
      status: () => ({ users: users.value.size }),
    };
  },
});

/** null: none, or none that can be read. */
function readCredentials(
  headers: PluginHeaders,
): { readonly name: string; readonly password: string } | null {
  const [field, ...more] = headers.getAll('authorization');
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field ?? '') ?? [];
  if (encoded === undefined || more.length > 0 || encoded.length > LONGEST_CREDENTIALS * 1.5) return null;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1 || pair.length > LONGEST_CREDENTIALS) return null;
  return { name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** A field holds ASCII for sure. */
function fieldValue(name: string): string {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name) ? name : encodeURIComponent(name);
}
