import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { ask, backendOf, cookieOf, KEY, startSticky, whoAnswers } from '../sticky/setup.ts';

test('nobody picks a backend with a cookie that the proxy did not make', async () => {
  const running = await startSticky({ type: 'cookie', key: KEY });
  const { addressText } = backendOf(running, 0);
  const place = `site\0${addressText}`;
  const forge = (key: string) => createHmac('sha256', key).update(place).digest('base64url').slice(0, 22);
  const values = [addressText, '0', 'b0', 'x'.repeat(22), forge(''), forge('site'), forge('tidegate')];
  for (const value of values) {
    const bodies = await whoAnswers(running, `tidegate-site=${value}`, 6);
    expect([value, bodies.size]).toEqual([value, 3]);
    expect((await ask(running, `tidegate-site=${value}`)).header('set-cookie')).not.toBeNull();
  }
});

test('a good cookie with a letter changed, added or taken away is none', async () => {
  const running = await startSticky({ type: 'cookie', key: KEY });
  const cookie = cookieOf(await ask(running));
  const other = cookie.endsWith('A') ? 'B' : 'A';
  for (const forged of [`${cookie.slice(0, -1)}${other}`, `${cookie}A`, cookie.slice(0, -1), `${cookie}~`])
    expect((await whoAnswers(running, forged, 6)).size).toBe(3);
});

test('a cookie tells nothing of addresses, nor is it any use at another upstream or under another key', async () => {
  const running = await startSticky({ type: 'cookie', key: KEY });
  const cookies = new Map<string, string>();
  for (let i = 0; i < 3; i++) {
    const answer = await ask(running);
    cookies.set(answer.body, cookieOf(answer));
  }
  for (const [index, cookie] of cookies) {
    const text = Buffer.from(cookie.split('=')[1] ?? '', 'base64url').toString('latin1');
    expect(`${cookie} ${text}`).not.toContain(backendOf(running, index).addressText.split(':')[1]);
  }
  const elsewhere = await startSticky({ type: 'cookie', key: 'the key of somebody else' });
  for (const cookie of cookies.values()) expect((await whoAnswers(elsewhere, cookie, 6)).size).toBe(3);
});

test('a prefix that a client makes up reaches no application, and thousands of cookies cost little', async () => {
  const running = await startSticky({ type: 'app-cookie', name: 'SID', prefix: true, key: KEY });
  const made = `SID=${'x'.repeat(22)}~value`;
  await ask(running, made);
  await ask(running, Array.from({ length: 2000 }, () => 'SID=1').join('; '));
  expect(running.servers.flatMap(({ requests }) => requests.map((each) => each.header('cookie')))[0]).toBe(
    'SID=value',
  );
});

test('a client cannot fill the table of learned sessions', async () => {
  const running = await startSticky({ type: 'app-cookie', name: 'SID', size: 5 });
  for (let i = 0; i < 20; i++) await ask(running, `SID=${i}`);
  const sticky = running.proxy.upstreams.get('site')?.sticky;
  expect(sticky?.type === 'learned' ? sticky.table.count : -1).toBe(0);
});
