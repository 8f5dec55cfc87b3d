import { expect, test } from 'vitest';
import headers from '../../../plugins/builtin/headers.ts';
import { hooksOf } from '../../support/builtin-hooks.ts';
import { certificateFiles } from '../../support/certificates.ts';
import { chainOf, instanceOf } from '../../support/plugin-chain.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { get } from '../../support/raw-client.ts';
import { connectTls } from '../../support/tls-client.ts';
import { startProxy } from '../http1/setup.ts';

test.each(['a\r\nx-role: admin', 'a\u0001b', 'ü.test'])(
  'attack: a handshake that names %j names nothing, and makes no plugin fail',
  async (servername) => {
    const backend = await startRawBackend();
    const handshakes: unknown[] = [];
    const plugin = instanceOf(await hooksOf(headers, { request: { set: { 'X-Name': '{server_name}' } } }));
    const proxy = await startProxy({
      backendPort: backend.port,
      listener: { protocol: 'https', tls: { certificates: [certificateFiles('one')] } },
      plugins: chainOf(plugin, { tls: ({ serverName }) => void handshakes.push(serverName) }),
    });
    const client = await connectTls(proxy.port, { servername, rejectUnauthorized: false });
    expect((await client.request(get('/'))).status).toBe(200);
    expect((await backend.request(0)).header('x-name')).toBeNull();
    expect([plugin.faults, handshakes]).toEqual([[], [null]]);
  },
);
