import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcrypt';
import { expect, onTestFinished, test } from 'vitest';
import basicAuth from '../../../../plugins/builtin/basic-auth/basic-auth.ts';
import { testPlugin, type TestedPlugin } from '../../../../plugins/testing.ts';
import { poll } from '../../../support/poll.ts';

const users = { kim: hashSync('sesame', 4), lee: '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=' };

function credentials(name: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

async function statusFor(tested: TestedPlugin, name: string, password: string): Promise<number | null> {
  return (await tested.request({ headers: credentials(name, password) })).status;
}

test('who has a password gets in, and the backend learns who but not the password', async () => {
  await using tested = await testPlugin(basicAuth, { users, userHeader: 'X-User' });
  const answer = await tested.request({
    headers: { ...credentials('kim', 'sesame'), 'X-User': 'root', x_user: 'root' },
  });
  expect(answer).toMatchObject({ status: 200, log: { user: 'kim' } });
  expect([...(answer.request?.headers ?? [])]).toEqual([
    ['Host', 'localhost'],
    ['x-user', 'kim'],
  ]);
  expect(await statusFor(tested, 'lee', 'secret')).toBe(200);
  await using kept = await testPlugin(basicAuth, { users, keepAuthorization: true });
  const { request } = await kept.request({ headers: credentials('kim', 'sesame') });
  expect(request?.headers.has('authorization')).toBe(true);
});

test('who has none is asked for one', async () => {
  await using tested = await testPlugin(basicAuth, { users, realm: 'The office' });
  const answer = await tested.request();
  expect(answer).toMatchObject({ status: 401, request: null });
  expect(answer.headers.get('www-authenticate')).toBe('Basic realm="The office", charset="UTF-8"');
  expect(await statusFor(tested, 'kim', 'simsim')).toBe(401);
  expect(await statusFor(tested, 'joe', 'sesame')).toBe(401);
});

test('a name and a password may have any characters', async () => {
  await using tested = await testPlugin(basicAuth, {
    users: { 'Zoë K': hashSync('pä:ß', 4) },
    userHeader: 'X-User',
  });
  const { status, request } = await tested.request({ headers: credentials('Zoë K', 'pä:ß') });
  expect(status).toBe(200);
  expect(request?.headers.get('x-user')).toBe('Zo%C3%AB%20K');
});

test('only what the conditions say is asked for a password', async () => {
  await using tested = await testPlugin(basicAuth, { users, path: '/admin/*' });
  expect((await tested.request({ url: '/' })).status).toBe(200);
  expect((await tested.request({ url: '/admin/x' })).status).toBe(401);
  expect((await tested.request({ url: '/%61dmin/x' })).status).toBe(401);
});

test('the file is read again when it changes, unless it is wrong', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'basic-auth-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'users');
  await writeFile(file, `# ours\nkim:${users.kim}\n\nlee:${users.lee}\n`);
  await using tested = await testPlugin(basicAuth, { file: 'users' }, { folder });
  expect(await statusFor(tested, 'kim', 'sesame')).toBe(200);
  expect(tested.status()).toEqual({ users: 2 });

  await writeFile(file, `kim:${hashSync('simsim', 4)}\n`);
  tested.fileChanged(file);
  await poll(() => tested.status()['users'] === 1);
  expect(await statusFor(tested, 'kim', 'sesame')).toBe(401);
  expect(await statusFor(tested, 'kim', 'simsim')).toBe(200);
  expect(await statusFor(tested, 'lee', 'secret')).toBe(401);

  await writeFile(file, 'kim:sesame\n');
  tested.fileChanged(file);
  await poll(() =>
    tested.logs.some(({ fields }) => String(fields['reason']).includes(`${file}:1: a hash by bcrypt`)),
  );
  expect(await statusFor(tested, 'kim', 'simsim')).toBe(200);
});

test.each([
  ['none at all', []],
  ['another scheme', [`Bearer ${Buffer.from('kim:sesame').toString('base64')}`]],
  ['without a colon', [`Basic ${Buffer.from('kim').toString('base64')}`]],
  ['without a name', [`Basic ${Buffer.from(':sesame').toString('base64')}`]],
  ['with more behind it', [`${credentials('kim', 'sesame')['Authorization']} x`]],
  ['that is too long', [`Basic ${Buffer.from(`kim:${'x'.repeat(2000)}`).toString('base64')}`]],
  ['with a NUL, at which bcrypt would end', [credentials('kim', 'sesame\0x')['Authorization'] ?? '']],
  [
    'that are two',
    [credentials('kim', 'sesame')['Authorization'] ?? '', credentials('joe', 'x')['Authorization'] ?? ''],
  ],
])('attack: credentials %s do not get in', async (_, fields) => {
  await using tested = await testPlugin(basicAuth, { users });
  expect((await tested.request({ headers: { Authorization: fields } })).status).toBe(401);
});

test('attack: a name that there is not takes as long to refuse as one that there is', async () => {
  await using tested = await testPlugin(basicAuth, { users: { kim: hashSync('sesame', 9) } });
  const fastest = { joe: Number.POSITIVE_INFINITY, kim: Number.POSITIVE_INFINITY };
  // In turn: a machine that is busy with other things is so for both.
  for (let i = 0; i < 6; i++)
    for (const name of ['joe', 'kim'] as const) {
      const started = performance.now();
      await statusFor(tested, name, `wrong ${i}`);
      fastest[name] = Math.min(fastest[name], performance.now() - started);
    }
  expect(fastest.joe).toBeGreaterThan(fastest.kim / 2);
});

test('attack: a flood of guesses is turned away, and holds up nobody who is known', async () => {
  await using tested = await testPlugin(basicAuth, { users: { kim: hashSync('sesame', 6) } });
  expect(await statusFor(tested, 'kim', 'sesame')).toBe(200);
  const guesses = Array.from({ length: 100 }, (_, i) =>
    tested.request({ headers: credentials('kim', `guess ${i}`) }),
  );
  expect(await statusFor(tested, 'kim', 'sesame')).toBe(200);
  const answers = await Promise.all(guesses);
  const turnedAway = answers.filter(({ status }) => status === 503);
  expect(turnedAway.length).toBe(100 - 66);
  expect(turnedAway[0]?.headers.get('retry-after')).toBe('1');
  expect(answers.filter(({ status }) => status === 401).length).toBe(66);
});

test.each([
  [{}, 'nobody could get in'],
  [{ users: { kim: 'sesame' } }, 'options.users.kim: a hash by bcrypt'],
  [{ users: { 'a:b': users.kim } }, 'a name cannot have a colon'],
  [{ users, realm: 'a "b"' }, 'options.realm'],
  [{ file: 'missing' }, 'missing'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(basicAuth, options)).rejects.toThrow(message);
});
