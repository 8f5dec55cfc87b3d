import { expect, test, vi } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectTls } from '../../support/tls-client.ts';
import { startHttps } from './setup.ts';

test('an answer about a certificate that has changed since is used once, and not kept', async () => {
  const { proxy } = await startHttps({ certificates: ['one', 'two'] });
  const source = proxy.certificates;
  if (source === null) throw new Error('no source');
  let answer = (): void => {};
  const lookup = vi
    .spyOn(source, 'find')
    .mockImplementation(
      (_, name) => new Promise((resolve) => (answer = () => resolve(source.answerFor('', name, false)))),
    );
  const first = connectTls(proxy.port);
  await poll(() => lookup.mock.calls.length === 1);
  const answerFirst = answer;
  lookup.mockRestore();
  proxy.front?.certificatesChanged();
  answerFirst();
  expect((await first).certificateName).toBe('one.test');
  source.asked.length = 0;
  expect((await connectTls(proxy.port)).certificateName).toBe('one.test');
  expect(source.asked).toEqual(['one.test']);
});
