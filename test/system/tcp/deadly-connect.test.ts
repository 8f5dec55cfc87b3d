import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const script = (statement: string): string => `import { defineRules, inspect, next } from 'tidegate/rules';
export default defineRules({
  connect(conn) {
    if (conn.bytes === null) return inspect(1);
    if (conn.bytes[0] === 0x21) { ${statement} }
    return next();
  },
});
`;

/** As for requests: the worker that serves and its spare for which nobody is blamed, then two that name what they call. */
const mostDeaths = 4;

test('a `connect` handler that kills workers is put into quarantine, and the version before takes over', async () => {
  const backend = await listenForTest(createServer((socket) => void socket.on('error', () => {}).end('ok')));
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': `
listeners:
  - { name: web, protocol: tcp, address: 127.0.0.1:0, rules: ./connect.ts, upstream: site }
upstreams:
  site: { backends: [{ address: '127.0.0.1:${backend}' }], healthCheck: false }
workers: 1
log: { level: debug }
`,
      'connect.ts': script(''),
    },
    workers: 'real',
  });
  const port = Number(new URL(await tidegate.url()).port);
  await tidegate.write('connect.ts', script('new Array(1e9).fill(0);'));
  await tidegate.line('reloaded');

  const logged = (message: string): number => tidegate.lines.filter(({ msg }) => msg === message).length;
  while (logged('other rules took over') === 0) {
    const deaths = logged('worker died');
    expect(deaths).toBeLessThan(mostDeaths);
    await poll(() => logged('spare worker up') > deaths);
    expect(await answerTo(port, '!')).toBe('');
    expect(await poll(async () => (await answerTo(port, '.')) === 'ok')).toBe(true);
    await poll(() => logged('worker died') > deaths && logged('worker ready') > deaths);
  }
  const rules = (await statusOf(tidegate)).rules.filter(({ quarantined }) => quarantined !== null);
  expect(rules.map(({ file }) => file)).toEqual([`${tidegate.folder}/connect.ts`]);

  // The version before serves, for which that byte is like any other.
  const deaths = logged('worker died');
  expect(await answerTo(port, '!')).toBe('ok');
  expect(logged('worker died')).toBe(deaths);
});

/** Empty where the connection broke off. */
function answerTo(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => void socket.write(text));
    socket.setEncoding('latin1').on('data', (piece: string) => (answer += piece));
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer));
  });
}
