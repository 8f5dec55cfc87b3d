import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startKnot } from '../../support/knot.ts';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { runToEnd } from '../../support/run-to-end.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';

const ZONE = 'example.test';
const QUESTIONS = 50;
const WORKERS = 2;
const example = fileURLToPath(new URL('../../../examples/dns/tidegate.config.yaml', import.meta.url));

/** The example in front of two servers, at a port of its own. */
async function inFrontOf(
  servers: readonly { readonly port: number }[],
  change: (config: string) => string = (config) => config,
): Promise<{ tidegate: TidegateProcess; port: number }> {
  const port = await unusedPort();
  const [first, second] = servers;
  const config = (await readFile(example, 'utf8'))
    .replaceAll('127.0.0.1:5353', `127.0.0.1:${port}`)
    .replace('10.0.0.11:53', `127.0.0.1:${first?.port}`)
    .replace('10.0.0.12:53', `127.0.0.1:${second?.port}`)
    .replace('{ format: json }', '{ format: json, file: access.log }')
    .concat(`workers: ${WORKERS}\n`);
  const tidegate = await runTidegate({ workers: 'real', files: { 'tidegate.config.yaml': change(config) } });
  return { tidegate, port };
}

async function dig(port: number, ...args: readonly string[]): Promise<string> {
  const { stdout } = await runToEnd('dig', ['@127.0.0.1', '-p', String(port), ...args]);
  return stdout.trim();
}

test('dig asks by UDP and by TCP, and by TCP again what does not fit into a datagram', async () => {
  const texts = Array.from({ length: 40 }, (_, index) => `${index}-`.padEnd(200, 'x'));
  const records = texts.map((text) => `long.${ZONE}. 60 TXT "${text}"\n`).join('');
  const servers = [await startKnot([ZONE], undefined, records), await startKnot([ZONE], undefined, records)];
  const { tidegate, port } = await inFrontOf(servers);
  expect(await dig(port, '+short', '+notcp', '+ignore', `www.${ZONE}`, 'A')).toBe('127.0.0.1');
  expect(await dig(port, '+short', '+tcp', `www.${ZONE}`, 'A')).toBe('127.0.0.1');
  const long = await dig(port, `long.${ZONE}`, 'TXT');
  expect(long).toContain(';; Truncated, retrying in TCP mode.');
  expect(long).toContain(`SERVER: 127.0.0.1#${port}(127.0.0.1) (TCP)`);
  expect(texts.filter((text) => !long.includes(`"${text}"`))).toEqual([]);

  const log = await poll(async () => {
    const text = await readFile(join(tidegate.folder, 'access.log'), 'utf8');
    const lines = text.trim().split('\n');
    return lines.length === 4 && lines.map((line) => JSON.parse(line));
  });
  expect(log.map(({ protocol, end }) => `${protocol} ${end}`).sort()).toEqual([
    'tcp closed',
    'tcp closed',
    'udp responses',
    'udp responses',
  ]);
});

test('a server that is killed: "port unreachable" sends its clients to the other one', async () => {
  const serverOf = (name: string) => startKnot([ZONE], undefined, `who.${ZONE}. 60 TXT "${name}"\n`);
  const [one, two] = [await serverOf('one'), await serverOf('two')];
  const { tidegate, port } = await inFrontOf([one, two], (config) =>
    config.replace(
      /healthCheck:\n( {6}.*\n)+/,
      'healthCheck: false\n    passiveHealth: { failures: 1, ejection: 1m }\n',
    ),
  );
  const questions = join(tidegate.folder, 'questions');
  await writeFile(questions, `who.${ZONE} TXT\n`.repeat(QUESTIONS));
  const ask = async (...options: string[]): Promise<string[]> =>
    (await dig(port, '+short', ...options, '-f', questions)).split('\n');
  expect(new Set(await ask())).toEqual(new Set(['"one"', '"two"']));
  await one.kill();
  // Each worker finds out by itself, at the cost of one question; dig asks again after a second.
  const meanwhile = await ask('+timeout=1', '+tries=10');
  expect(meanwhile.filter((line) => line === '"two"')).toHaveLength(QUESTIONS);
  expect(meanwhile.length - QUESTIONS).toBeLessThanOrEqual(WORKERS);
  expect(new Set(await ask('+tries=1'))).toEqual(new Set(['"two"']));
});
