import { expect, test } from 'vitest';
import { ok, type BackendScript } from '../../support/raw-backend.ts';
import { ask, backendOf, cookieOf, KEY, startSticky, whoAnswers } from './setup.ts';

/** An application that begins a session for a client that has none, and says what it was sent. */
function application(index: number): BackendScript {
  let sessions = 0;
  return (request) => {
    const sent = request.header('cookie');
    if (sent?.includes('SID=') === true) request.reply(ok(String(index), `X-Sent: ${sent}`));
    else request.reply(ok(String(index), `Set-Cookie: SID=${index}-${++sessions}; Path=/; HttpOnly`));
  };
}

test('a learned session stays with the backend that began it', async () => {
  const running = await startSticky({ type: 'app-cookie', name: 'SID' }, application);
  const answers = [await ask(running), await ask(running), await ask(running), await ask(running)];
  for (const first of answers) {
    expect(cookieOf(first)).toMatch(new RegExp(`^SID=${first.body}-\\d$`));
    expect(await whoAnswers(running, `a=b; ${cookieOf(first)}`, 3)).toEqual(new Set([first.body]));
  }
});

test('a session that nobody has begun goes where the scheduler sends it', async () => {
  const running = await startSticky({ type: 'app-cookie', name: 'SID' }, application);
  expect((await whoAnswers(running, 'SID=made-up', 6)).size).toBe(3);
});

test('with a prefix the cookie itself names the backend, which sees its own value only', async () => {
  const running = await startSticky({ type: 'app-cookie', name: 'SID', prefix: true, key: KEY }, application);
  const answers = [await ask(running), await ask(running), await ask(running)];
  for (const first of answers) {
    expect(first.header('set-cookie')).toMatch(
      new RegExp(`^SID=[\\w-]{22}~${first.body}-\\d; Path=/; HttpOnly$`),
    );
    expect(await whoAnswers(running, cookieOf(first))).toEqual(new Set([first.body]));
    const again = await ask(running, `a=b; ${cookieOf(first)}; c=d`);
    expect(again.header('x-sent')).toMatch(new RegExp(`^a=b; SID=${first.body}-\\d; c=d$`));
  }
});

test('the prefix of a backend that is gone is taken out all the same', async () => {
  const running = await startSticky({ type: 'app-cookie', name: 'SID', prefix: true, key: KEY }, application);
  const first = await ask(running);
  backendOf(running, first.body).runtime.health = 'down';
  const second = await ask(running, cookieOf(first));
  expect(second.body).not.toBe(first.body);
  expect(second.header('x-sent')).toMatch(/^SID=\d-1$/);
});

test('a cookie that the application takes back gets no prefix', async () => {
  const running = await startSticky(
    { type: 'app-cookie', name: 'SID', prefix: true, key: KEY },
    () => (request) => request.reply(ok('x', 'Set-Cookie: SID=; Max-Age=0')),
  );
  expect((await ask(running)).header('set-cookie')).toBe('SID=; Max-Age=0');
});
