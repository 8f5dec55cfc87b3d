import { describe, expect, test } from 'vitest';
import { connectRaw, get } from '../../support/raw-client.ts';
import { poll } from '../../support/poll.ts';
import { sharedTidegate } from '../../support/tidegate-process.ts';

const listener = (name: string, options: string): string =>
  `  - { name: ${name}, address: '127.0.0.1:0', upstream: site, plugins: [{ use: acl, options: ${options} }] }`;

describe('acl in a running Tidegate', () => {
  const tidegate = sharedTidegate({
    workers: 'real',
    files: {
      'spam.txt': '192.0.2.1\n',
      'tidegate.config.yaml': [
        'listeners:',
        listener('denied', '{ deny: [127.0.0.0/8] }'),
        listener('dropped', '{ deny: [127.0.0.0/8], answer: drop, address: connection }'),
        listener('listed', '{ lists: { spam: { file: spam.txt } }, deny: ["@spam"] }'),
        'upstreams: { site: { backends: [{ address: "127.0.0.1:9" }], healthCheck: false } }',
        'workers: 2',
        '',
      ].join('\n'),
    },
  });

  test('answers 403, and the connection goes on', async () => {
    const client = await connectRaw(Number(new URL(await tidegate().url('denied')).port));
    for (let i = 0; i < 2; i++) expect((await client.request(get('/'))).status).toBe(403);
  });

  test('drops a connection before its request', async () => {
    const client = await connectRaw(Number(new URL(await tidegate().url('dropped')).port));
    await poll(() => client.ended);
    expect(client.bytesReceived).toBe(0);
  });

  test('a changed list file counts in all workers, without a reload', async () => {
    const url = await tidegate().url('listed');
    const status = async (): Promise<number> =>
      (await fetch(url, { headers: { connection: 'close' } })).status;
    expect(await status()).toBe(502);
    await tidegate().write('spam.txt', '127.0.0.0/8\n');
    const all = async (wanted: number): Promise<boolean> => {
      const statuses = await Promise.all(Array.from({ length: 8 }, status));
      return statuses.every((each) => each === wanted);
    };
    // Either worker reads it for itself.
    await poll(() => tidegate().lines.filter(({ msg }) => msg === 'a changed file was read').length === 2);
    expect(await all(403)).toBe(true);
    await tidegate().write('spam.txt', 'nobody\n');
    await tidegate().line('a changed file is not taken over: what it said before goes on');
    expect(await all(403)).toBe(true);
    expect(tidegate().lines.some(({ msg }) => msg === 'reloaded')).toBe(false);
  });
});
