import { expect, test } from 'vitest';
import { listenerTables } from '../../../core/cli/listeners-text.ts';
import { listenerRow } from '../../../core/admin/listener-row.ts';
import { http, tcp, udp } from './listener-rows.ts';

test('a table for each kind of listener', () => {
  expect(
    listenerTables([tcp, http, udp, { ...tcp, name: 'cache', protocol: 'tcp', bytesFromBackends: 512 }]),
  ).toEqual([
    [
      'LISTENER  ADDRESS       CONNECTIONS  REQUESTS  IN FLIGHT  WEBSOCKETS  1XX  2XX  3XX  4XX  5XX  REFUSED',
      'web       127.0.0.1:80            1        10          1           0    0    9    0    0    0        0',
    ].join('\n'),
    [
      'LISTENER  PROTOCOL  ADDRESS         CONNECTIONS  ACCEPTED  FROM CLIENTS  FROM BACKENDS  DENIED  REFUSED',
      'db        tls       127.0.0.1:5432            3        40  1000 B        49 MiB              2        1',
      'cache     tcp       127.0.0.1:5432            3        40  1000 B        512 B               2        1',
    ].join('\n'),
    [
      'LISTENER  PROTOCOL  ADDRESS       SESSIONS  ACCEPTED  FROM CLIENTS  FROM BACKENDS  DENIED  REFUSED  DROPPED',
      'dns       udp       127.0.0.1:53         7        48  50 (2.0 KiB)  45 (8.8 KiB)        0        0  22: bandwidth 12, queue 10',
    ].join('\n'),
  ]);
});

test('none for a kind that there is not', () => {
  expect(listenerTables([tcp]).map((text) => text !== '')).toEqual([false, true, false]);
});

test('the report of a version that knew HTTP only is understood', () => {
  const { protocol, ...old } = http;
  expect(listenerRow.parse(old)).toEqual({ ...old, protocol });
});
