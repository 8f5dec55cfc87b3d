import { expect, test } from 'vitest';
import { answering } from '../../support/named-backends.ts';
import { statusOf } from '../../support/status.ts';
import { change, plain, runWithBackends, siteConfig } from '../../integration/backends/setup.ts';

test(
  'a worker that takes the place of a dead one goes by what commands have set from its first request on',
  { timeout: 60_000 },
  async () => {
    const running = await runWithBackends([plain, plain], 1);
    const { tidegate, url, backends } = running;
    const [a = '', b = '', c = ''] = backends.map(({ address }) => address);
    await change(running, { action: 'drain', upstream: 'site', backend: a });
    await change(running, { action: 'add', upstream: 'site', backend: c });
    const { workers } = await statusOf(tidegate);
    const replaced = workers.map(({ pid }) => {
      const line = tidegate.line('worker died', ({ worker }) => worker === pid);
      process.kill(pid, 'SIGKILL');
      return line;
    });
    await Promise.all(replaced);
    // Their connections wait until the first one serves.
    expect(await answering(url)).toEqual(new Set([b, c]));
  },
);

test(
  'a reload keeps what commands have set, until the file says something else of that backend',
  { timeout: 60_000 },
  async () => {
    const running = await runWithBackends([plain, plain, plain], 1);
    const { tidegate, url, backends } = running;
    const [a = '', b = '', c = '', d = ''] = backends.map(({ address }) => address);
    await change(running, { action: 'drain', upstream: 'site', backend: a });
    await change(running, { action: 'remove', upstream: 'site', backend: b });
    await change(running, { action: 'add', upstream: 'site', backend: d });
    let version = 1;
    const reload = async (rows: readonly string[]): Promise<string> => {
      const other = `  other: { backends: [{ address: '127.0.0.1:9', weight: ${++version} }] }`;
      // Saving it is enough.
      const reloaded = tidegate.nextLine('reloaded');
      await tidegate.write('tidegate.config.yaml', siteConfig(rows, other));
      return JSON.stringify(await reloaded);
    };
    expect(await reload([plain(a), plain(b), plain(c)])).not.toContain('command');
    expect(await answering(url)).toEqual(new Set([c, d]));

    // Nothing of this touches `a`, whose row is the same.
    const changes = await reload([plain(a), plain(c), plain(d)]);
    expect(changes).toContain(
      `backend ${b} of site: what a command had set ended, since the file has no such backend`,
    );
    expect(changes).toContain(
      `backend ${d} of site: what a command had set ended, since it is in the file now`,
    );
    expect(await answering(url)).toEqual(new Set([c, d]));

    expect(await reload([`{ address: '${a}', state: maintenance }`, plain(b), plain(d)])).toContain(
      `backend ${a} of site: what a command had set ended, since the file says something else now`,
    );
    expect(await answering(url)).toEqual(new Set([b, d]));
    // What has ended does not come back with the file's old value.
    await reload([plain(a), plain(b), plain(d)]);
    expect(await answering(url)).toEqual(new Set([a, b, d]));
  },
);
