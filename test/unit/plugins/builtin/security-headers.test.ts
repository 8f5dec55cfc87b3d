import { expect, test } from 'vitest';
import securityHeaders from '../../../../plugins/builtin/security-headers.ts';
import { testPlugin } from '../../../../plugins/testing.ts';

test('without options: the careful three, unless the backend has said otherwise', async () => {
  await using tested = await testPlugin(securityHeaders);
  const answer = await tested.request({}, { headers: { 'X-Powered-By': 'x', 'X-Frame-Options': 'DENY' } });
  expect(Object.fromEntries(answer.headers)).toEqual({
    'X-Frame-Options': 'DENY',
    'Content-Length': '0',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'strict-origin-when-cross-origin',
  });
});

test('what is chosen takes the place of what the backend says', async () => {
  await using tested = await testPlugin(securityHeaders, {
    contentTypeOptions: false,
    frameOptions: false,
    referrerPolicy: 'no-referrer',
    contentSecurityPolicy: {
      'default-src': ["'self'"],
      'img-src': ["'self'", 'https://img.example'],
      'upgrade-insecure-requests': true,
    },
    contentSecurityPolicyReportOnly: "script-src 'none'",
    permissionsPolicy: { camera: [], geolocation: ['self', 'https://maps.example'], fullscreen: ['*'] },
    crossOriginOpenerPolicy: 'same-origin',
    crossOriginEmbedderPolicy: 'require-corp',
    crossOriginResourcePolicy: 'same-site',
  });
  const answer = await tested.request({}, { headers: { 'Content-Security-Policy': 'x' } });
  expect(Object.fromEntries(answer.headers)).toEqual({
    'Content-Length': '0',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy':
      "default-src 'self'; img-src 'self' https://img.example; upgrade-insecure-requests",
    'Content-Security-Policy-Report-Only': "script-src 'none'",
    'Permissions-Policy': 'camera=(), geolocation=(self "https://maps.example"), fullscreen=*',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-site',
  });
});

test('HSTS is said over https alone', async () => {
  await using tested = await testPlugin(securityHeaders, {
    hsts: { maxAge: '365d', includeSubDomains: true, preload: true },
  });
  const secure = await tested.request({ url: 'https://a.example/' });
  expect(secure.headers.get('strict-transport-security')).toBe(
    'max-age=31536000; includeSubDomains; preload',
  );
  expect((await tested.request()).headers.has('strict-transport-security')).toBe(false);
});

test.each([
  [{ frameOptions: 'ALLOW' }, 'expected "DENY" or "SAMEORIGIN", or false'],
  [{ contentSecurityPolicy: { 'default-src': ["'self'; script-src *"] } }, 'contentSecurityPolicy'],
  [{ contentSecurityPolicy: 'a\r\nb' }, 'contentSecurityPolicy'],
  [{ permissionsPolicy: { camera: ['https://a.example"'] } }, 'permissionsPolicy.camera.0'],
  [{ hsts: {} }, 'hsts'],
])('wrong options are refused: %j', async (options, message) => {
  await expect(testPlugin(securityHeaders, options)).rejects.toThrow(message);
});
