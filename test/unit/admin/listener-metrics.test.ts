import { expect, test } from 'vitest';
import { listenerMetrics } from '../../../core/admin/listener-metrics.ts';
import { http, tcp, udp } from './listener-rows.ts';

function samples(...rows: Parameters<typeof listenerMetrics>[0]): string[] {
  return listenerMetrics(rows)
    .join('')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

test('a TCP listener: what it has open, what it had, and bytes each way', () => {
  expect(samples(tcp)).toEqual([
    'tidegate_listener_connections{listener="db",protocol="tls"} 3',
    'tidegate_listener_accepted_total{listener="db",protocol="tls"} 40',
    'tidegate_listener_denied_total{listener="db",protocol="tls"} 2',
    'tidegate_listener_refused_total{listener="db",protocol="tls"} 1',
    'tidegate_listener_bytes_total{listener="db",protocol="tls",from="clients"} 1000',
    'tidegate_listener_bytes_total{listener="db",protocol="tls",from="backends"} 52000000',
  ]);
});

test('a UDP listener: datagrams too, and drops by reason', () => {
  expect(samples(udp)).toEqual(
    expect.arrayContaining([
      'tidegate_listener_connections{listener="dns",protocol="udp"} 7',
      'tidegate_listener_datagrams_total{listener="dns",protocol="udp",from="clients"} 50',
      'tidegate_listener_datagrams_total{listener="dns",protocol="udp",from="backends"} 45',
      'tidegate_listener_dropped_datagrams_total{listener="dns",protocol="udp",reason="queue"} 10',
      'tidegate_listener_dropped_datagrams_total{listener="dns",protocol="udp",reason="bandwidth"} 12',
    ]),
  );
});

test('an HTTP listener has none of that', () => {
  expect(samples(http)).toEqual([]);
});
