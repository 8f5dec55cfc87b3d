import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { certificate } from '../../support/certificates.ts';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { contentWith } from '../../support/config-findings.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { site, startProxy } from '../http1/setup.ts';

test('connections made without verification are not used once it is on', async () => {
  const server = await startHttp2Backend((stream) => {
    stream.respond({ ':status': 204 }, { endStream: true });
  }, certificate('two'));
  const settings = { protocol: 'h2', tls: { verify: false }, retries: { attempts: 1 } };
  const proxy = await startProxy({ upstreams: site([server.port], settings) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(204);
  const backend = proxy.upstreams.get('site')?.backends[0];
  const verifying = resolveConfig(
    configSchema.parse(contentWith({ upstream: { ...settings, tls: true } })),
    '/c.yaml',
    new Map(),
  ).upstreams[0];
  if (backend === undefined || verifying === undefined) throw new Error('no backend');
  Object.assign(backend, { settings: verifying });
  expect((await client.request(get('/'))).status).toBe(502);
  expect(proxy.entries.at(-1)?.error).toBe('backend-tls-failed');
});
