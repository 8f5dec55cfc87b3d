import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

const lines = [
  'X-CASE: Kept',
  'accept: a',
  'Cookie: a=1',
  'Accept: b',
  'cookie: b=2',
  'x-empty:',
  'X-Latin: caf\u00e9',
  'x-colon: a:b: c',
];

test('fields of a request keep case, order, duplicates and bytes', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({
    listener: { forwarded: { xForwarded: false, forwarded: false, via: false, requestId: false } },
    backendPort: backend.port,
  });
  await (await connectRaw(proxy.port)).request(get('/a%20b?c=%2F&&', ...lines));
  expect(backend.requests[0]?.head).toBe(
    ['GET /a%20b?c=%2F&& HTTP/1.1', 'Host: example.test', ...lines]
      .join('\r\n')
      .replace('x-empty:', 'x-empty: '),
  );
});

test('fields of an answer keep case, order, duplicates and bytes; its reason too', async () => {
  const answerLines = [
    'dAtE: Thu, 01 Jan 2026 00:00:00 GMT',
    'SET-cookie: a=1',
    'X-One: 1',
    'Set-Cookie: b=2',
    'x-latin: caf\u00e9',
    'ETag: W/"x"',
  ];
  const backend = await startRawBackend((request) =>
    request.reply(['HTTP/1.1 299 Quite Fine', ...answerLines, 'content-length: 0', '', ''].join('\r\n')),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect(answer.head).toBe(['HTTP/1.1 299 Quite Fine', ...answerLines, 'content-length: 0'].join('\r\n'));
});

// RFC 9110 6.6.1
test('an answer without a date gets one', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect(Math.abs(Date.parse(answer.header('date') ?? '') - Date.now())).toBeLessThan(5000);
});
