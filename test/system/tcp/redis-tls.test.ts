import { expect, test } from 'vitest';
import { authorityFile, certificateFiles } from '../../support/certificates.ts';
import { runTidegate } from '../../support/tidegate-process.ts';
import { connectTls } from '../../support/tls-client.ts';
import { redis, startRedis, startTlsRedis, tlsOf } from './redis-servers.ts';

/** Its port. `listener`: YAML of the listener; `upstreams`: of theirs. */
async function startTidegate(listener: string, upstreams: string): Promise<number> {
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: cache, address: '127.0.0.1:0', ${listener} }]
upstreams: { ${upstreams} }
workers: 1
`,
    },
  });
  return tidegate.port('cache');
}

test('TLS ends here: redis-cli speaks it, the server does not', async () => {
  const server = await startRedis();
  const { cert, key } = certificateFiles('one');
  const port = await startTidegate(
    `protocol: tls, tls: { certificates: [{ cert: ${cert}, key: ${key} }] }, upstream: cache`,
    `cache: { backends: [{ address: '127.0.0.1:${server.port}' }] }`,
  );
  await redis(port, ['set', 'kept', 'value'], tlsOf('one.test'));
  expect(await redis(server.port, ['get', 'kept'])).toBe('value');
});

test('TLS to the server: redis-cli speaks none', async () => {
  const server = await startTlsRedis('one');
  const port = await startTidegate(
    'protocol: tcp, upstream: cache',
    `cache: { backends: [{ address: '127.0.0.1:${server.port}' }], tls: { ca: ${authorityFile}, serverName: one.test } }`,
  );
  await redis(port, ['set', 'kept', 'value']);
  expect(await redis(server.port, ['get', 'kept'], tlsOf('one.test'))).toBe('value');
});

test('TLS passes through: the name that the client asks for leads to one of two servers, each with its own certificate', async () => {
  const [one, two] = [await startTlsRedis('one'), await startTlsRedis('two')];
  const port = await startTidegate(
    `protocol: tcp, sni: true, routes: [{ serverName: one.test, upstream: one }, { serverName: '*.test', upstream: two }]`,
    `one: { backends: [{ address: '127.0.0.1:${one.port}' }] }, two: { backends: [{ address: '127.0.0.1:${two.port}' }] }`,
  );
  for (const [server, name] of [
    [one, 'one.test'],
    [two, 'two.test'],
  ] as const) {
    await redis(port, ['set', 'who', name], tlsOf(name));
    expect(await redis(server.port, ['get', 'who'], tlsOf(name))).toBe(name);
    expect((await connectTls(port, { servername: name })).certificateName).toBe(name);
  }
});
