import { describe, expect, test } from 'vitest';
import { parse, refusal } from './read-request.ts';

const upgradeOf = (...fields: string[]): string | null =>
  parse(['GET / HTTP/1.1', 'Host: a', ...fields]).head.upgrade;

describe('Upgrade of a request', () => {
  test.each([
    ['Connection: Upgrade', 'Upgrade: websocket'],
    ['Connection: keep-alive, upgrade', 'Upgrade: WebSocket'],
  ])('%s, %s asks for a WebSocket', (...fields) => {
    expect(upgradeOf(...fields)).toBe('websocket');
  });

  test.each([
    ['Connection: keep-alive', 'Upgrade: websocket'],
    ['X: y', 'Upgrade: websocket'],
    ['Connection: upgrade', 'X: y'],
    ['Connection: upgrade, HTTP2-Settings', 'Upgrade: h2c'],
    ['Connection: upgrade', 'Upgrade: websocket, h2c'],
    ['Connection: upgrade', 'Upgrade: websocket/13'],
    ['Connection: upgrade', 'Upgrade: websocket\u00a0'],
    ['Connection: upgrade', 'Upgrade:'],
  ])('%s, %s is served as if it asked for nothing', (...fields) => {
    expect(upgradeOf(...fields)).toBeNull();
  });

  test('two Upgrade lines are one list', () => {
    expect(upgradeOf('Connection: upgrade', 'Upgrade: websocket', 'Upgrade: h2c')).toBeNull();
  });

  test('HTTP/1.0 knows no upgrade', () => {
    expect(parse(['GET / HTTP/1.0', 'Connection: upgrade', 'Upgrade: websocket']).head.upgrade).toBeNull();
  });

  test.each([
    ['POST / HTTP/1.1', 'X: y'],
    ['GET / HTTP/1.1', 'Content-Length: 5'],
    ['GET / HTTP/1.1', 'Transfer-Encoding: chunked'],
  ])('a handshake as %s with %s is refused', (line, field) => {
    expect(refusal([line, 'Host: a', 'Connection: upgrade', 'Upgrade: websocket', field])).toBe(
      'client request-malformed: a WebSocket handshake must be a GET without a body',
    );
  });
});
