import { expect, test } from 'vitest';
import { readPasswordHash } from '../../../../plugins/builtin/basic-auth/password-hash.ts';

/** Made by others: `openssl passwd -apr1`, crypt(3), and Argon2's reference implementation. */
test.each<[string, string, string]>([
  ['htpasswd -m', '$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/', 'password'],
  ['htpasswd -m, of nothing', '$apr1$saltsalt$a8ml/vK5HEjiZ5oypDWA7/', ''],
  ['htpasswd -m, of one letter', '$apr1$saltsalt$OEnK0QmmvoDzFw9W2yFYT/', 'a'],
  [
    'htpasswd -m, of many',
    '$apr1$saltsalt$rECiTVgId/.yfWMSM2MpF.',
    'a much longer pässword than sixteen bytes, indeed',
  ],
  ['htpasswd -m, with a short salt', '$apr1$ab$qmlm5EDWLhwipYGhiRqfy1', 'x y'],
  ['htpasswd -s', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', 'secret'],
  ['htpasswd -B', '$2y$05$bHCLQN8GiE2iubLP4wLS0.cTMGRnx4oqGtBAdtEYrSLKlbafm.VJ6', 'sesame'],
  ['Argon2i', '$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG', 'password'],
  [
    'Argon2id',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    'password',
  ],
])('a hash by %s is of its password and no other', async (_, hash, password) => {
  const read = readPasswordHash(hash);
  expect(await read.matches(password)).toBe(true);
  expect(await read.matches(`${password}x`)).toBe(false);
  expect(await read.matches('')).toBe(password === '');
});

test.each([
  ['a password itself', 'sesame'],
  ['DES', 'rqXexS6ZhobKA'],
  ['a bcrypt cost that takes a minute', '$2y$20$bHCLQN8GiE2iubLP4wLS0.2hhg8wqLj8GcCHSREdmS/JwiQPTpbqK'],
  ['an Argon2 memory of a GiB', '$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHQ$ZGlnZXN0ZGlnZXN0'],
  ['an Argon2 of another version', '$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$ZGlnZXN0ZGlnZXN0'],
])('%s is refused, without being shown', (_, hash) => {
  expect(() => readPasswordHash(hash)).toThrow(/expected/);
  expect(() => readPasswordHash(hash)).not.toThrow(hash);
});
