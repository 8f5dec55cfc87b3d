import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { isHttp } from '../../../core/shared/listener-kinds.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

function resolved(listener: object) {
  const { listeners } = resolveConfig(configSchema.parse(contentWith({ listener })), '/c.yaml', new Map());
  return listeners.find(isHttp);
}

test('redirectToHttps and hsts by themselves', () => {
  expect(resolved({ redirectToHttps: true })?.redirectToHttps).toEqual({
    status: 308,
    port: 443,
    except: [],
  });
  expect(resolved({ redirectToHttps: false })?.redirectToHttps).toBeNull();
  expect(resolved({ hsts: true })?.hsts).toBe('max-age=31536000');
  expect(resolved({ hsts: { maxAge: '0s' } })?.hsts).toBe('max-age=0');
  expect(resolved({ hsts: false })?.hsts).toBeNull();
});

describe('findings', () => {
  test.each([
    [
      { hsts: true },
      'listeners[0].hsts: expected none on a listener of protocol http: it is for protocol https',
    ],
    [
      { hsts: { maxAge: '3651d' } },
      'listeners[0].hsts.maxAge: expected a duration from "0s" to "3650d", found "3651d"',
    ],
    [
      { redirectToHttps: { status: 303 } },
      'listeners[0].redirectToHttps.status: expected one of 301, 302, 307, 308, found 303',
    ],
    [
      { redirectToHttps: { except: ['plain'] } },
      'listeners[0].redirectToHttps.except[0]: expected a path that begins with "/", found "plain"',
    ],
    [
      { proxyProtocol: {} },
      'listeners[0].proxyProtocol.trust: expected at least one address range, found none: every connection would be closed',
    ],
    [
      { proxyProtocol: { trust: ['10.0.0.1/8'] } },
      'listeners[0].proxyProtocol.trust[0]: expected the first address of the range, "10.0.0.0/8", or a longer prefix, found "10.0.0.1/8"',
    ],
  ])('%j', (listener, finding) => {
    expect(findingsIn(contentWith({ listener }))).toContain(finding);
  });

  test.each([{ includeSubDomains: true, maxAge: '364d' }, { includeSubDomains: false }])(
    'preload with %j',
    (settings) => {
      expect(findingsIn(contentWith({ listener: { hsts: { ...settings, preload: true } } }))).toContain(
        'listeners[0].hsts.preload: expected `includeSubDomains` and a `maxAge` of "365d" at least beside it',
      );
    },
  );

  test('none for what may be', () => {
    const listener = { redirectToHttps: true, hsts: false, proxyProtocol: { trust: ['10.0.0.0/8'] } };
    expect(findingsIn(contentWith({ listener }))).toEqual([]);
    expect(findingsIn(contentWith({ listener: { address: 'unix:./a.sock', proxyProtocol: {} } }))).toEqual(
      [],
    );
  });
});
