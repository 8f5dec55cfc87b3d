import { expect, test } from 'vitest';
import { startPebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';
import { issuedSerial, ordersAt, presented, runProxy } from './proxy.ts';

test('renew: another certificate serves when the command ends', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble);
  const before = await issuedSerial(pebble.tlsPort);
  const refused = await proxy.command('certs', 'renew', 'example.test');
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('--force') });
  const renewed = await proxy.command('certs', 'renew', 'example.test', '--force');
  expect(renewed).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining(`example.test (ecdsa-p256): obtained from ${pebble.directory}, serial `),
  });
  const serial = /serial (\w+)/.exec(renewed.stdout)?.[1];
  expect(serial).not.toBe(before);
  await poll(async () => (await presented(pebble.tlsPort, 'example.test')).serial === serial || null);
  const show = await proxy.command('certs', 'show', 'example.test', '--json');
  expect(JSON.parse(show.stdout)).toMatchObject({
    certificates: [{ certificate: { serial }, lastError: null }],
  });
});

test.each([
  ['superseded', 4],
  ['keyCompromise', 1],
])('revoke for %s: the CA has it revoked, and a new one serves', async (reason, code) => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble);
  const before = await issuedSerial(pebble.tlsPort);
  const revoked = await proxy.command('certs', 'revoke', 'example.test', '--reason', reason);
  expect(revoked).toMatchObject({ status: 0, stderr: '' });
  expect(revoked.stdout).toContain(`example.test (ecdsa-p256): revoked, serial ${before}\n`);
  expect(await pebble.certificateStatus(before)).toEqual({ status: 'Revoked', reason: code });
  await poll(async () => (await presented(pebble.tlsPort, 'example.test')).serial !== before || null);
  expect(ordersAt(pebble)).toBe(2);
});

test('account: shown, with a new key, with the contact of the config, and ended', async () => {
  const pebble = await startPebble();
  const proxy = await runProxy(pebble, { acme: { email: 'ops@example.test' } });
  await issuedSerial(pebble.tlsPort);
  const account = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await proxy.command('certs', 'account', ...args);
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  };
  const url = /https:\S+\/my-account\/\w+/.exec(await account())?.[0];
  expect(url).toBeDefined();
  expect(await account('rollover')).toContain('it has a new key');
  expect(await account('update')).toContain('the CA has the contact of the config');
  const [row] = JSON.parse(await account('show', '--json'));
  expect(row).toEqual({
    directory: pebble.directory,
    status: 'valid',
    url,
    contact: ['mailto:ops@example.test'],
    problem: null,
  });
  // The new key works.
  expect((await proxy.command('certs', 'renew', 'example.test', '--force')).status).toBe(0);
  expect(await account('deactivate')).toContain('deactivated for good; the next order makes a new one');
  expect(await account()).toMatch(/ none +- +- +-\n$/);
  expect((await proxy.command('certs', 'renew', 'example.test', '--force')).status).toBe(0);
  expect(await account()).not.toContain(url);
});
