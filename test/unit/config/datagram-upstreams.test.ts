import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';

/** The type of each upstream's check. `listeners`: protocol → upstream. */
function checksOf(
  listeners: readonly Record<string, unknown>[],
  upstreams: Record<string, unknown>,
): unknown {
  const content = configSchema.parse({
    listeners: listeners.map((listener, i) => ({
      name: `l${i}`,
      address: `127.0.0.1:${5000 + i}`,
      ...listener,
    })),
    upstreams,
  });
  const { upstreams: resolved } = resolveConfig(content, '/c.yaml', new Map());
  return Object.fromEntries(resolved.map(({ name, healthCheck }) => [name, healthCheck?.probe.type ?? null]));
}

const backends = [{ address: '10.0.0.1:53' }];

test.each([
  { name: 'of a UDP listener', listeners: [{ protocol: 'udp', upstream: 'dns' }], type: 'udp' },
  { name: 'of a TCP listener', listeners: [{ protocol: 'tcp', upstream: 'dns' }], type: 'tcp' },
  {
    name: 'of both',
    listeners: [
      { protocol: 'udp', upstream: 'dns' },
      { protocol: 'tcp', upstream: 'dns' },
    ],
    type: 'tcp',
  },
  {
    name: 'of a UDP listener and a route of another one',
    listeners: [
      { protocol: 'udp', upstream: 'dns' },
      { protocol: 'tcp', sni: true, routes: [{ upstream: 'dns' }] },
    ],
    type: 'tcp',
  },
  { name: 'of nobody', listeners: [{ protocol: 'udp' }], type: 'tcp' },
])('an upstream $name has a check of type $type', ({ listeners, type }) => {
  expect(checksOf(listeners, { dns: { backends } })).toEqual({ dns: type });
});

test('upstreams within it are for datagrams, too', () => {
  const upstreams = { outer: { backends: [{ upstream: 'inner' }] }, inner: { backends } };
  expect(checksOf([{ protocol: 'udp', upstream: 'outer' }], upstreams)).toEqual({
    outer: 'udp',
    inner: 'udp',
  });
});

test('what the config says counts', () => {
  const listeners = [{ protocol: 'udp', upstream: 'dns' }];
  expect(checksOf(listeners, { dns: { backends, healthCheck: false } })).toEqual({ dns: null });
  expect(checksOf(listeners, { dns: { backends, healthCheck: { interval: '1s' } } })).toEqual({ dns: 'tcp' });
});
