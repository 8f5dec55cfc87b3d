import * as field from './fields.ts';

const SERVER_NAME =
  /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A host name or a wildcard, → in lower case. */
export const serverName = field
  .readText('a host name', (input) => {
    const name = input.toLowerCase();
    return SERVER_NAME.test(name) && name.length <= 253
      ? { ok: true, value: name }
      : { ok: false, problem: `expected a name like "example.com" or "*.example.com", found "${input}"` };
  })
  .meta({ title: 'host name' });
