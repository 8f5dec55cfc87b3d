import { expect, test } from 'vitest';
import { AddressBackend, BackendRuntime } from '../../../core/upstreams/backend.ts';
import { Upstream } from '../../../core/upstreams/upstream.ts';
import { schedulerConfig, upstreamConfig } from './support.ts';

const clients = Array.from({ length: 40 }, (_, i) => `10.0.0.${i} 5353`);

function upstream(key: string | null = null): Upstream {
  const config = {
    ...upstreamConfig('test', [1, 1, 1]),
    scheduler: key === null ? schedulerConfig('round-robin') : schedulerConfig('consistent-hash', { key }),
  };
  return new Upstream(
    config,
    config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime())),
  );
}

function choices(of: Upstream, keyFor: () => string | undefined): (string | undefined)[] {
  return clients.map((client) => of.pickByClient(client, [], { keyFor })?.addressText);
}

test('two upstreams with the same backends choose the same one for a client, whatever was picked before', () => {
  const [one, other] = [upstream(), upstream()];
  other.pick();
  const chosen = choices(one, () => undefined);
  expect(choices(other, () => undefined)).toEqual(chosen);
  expect(new Set(chosen)).toEqual(new Set(['b0', 'b1', 'b2']));
});

test('a scheduler that has a key to go by picks; without one the client decides', () => {
  expect(new Set(choices(upstream('source'), () => '10.0.0.1')).size).toBe(1);
  expect(choices(upstream('source'), () => undefined)).toEqual(choices(upstream(), () => undefined));
});
