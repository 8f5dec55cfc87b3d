import { expect, test } from 'vitest';
import { startAcmeFront, type FrontAnswer } from '../../support/acme-front.ts';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { otherAuthority } from '../../support/certificates.ts';
import { startPebble } from '../../support/pebble.ts';

const problem = (
  status: number,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): FrontAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: 'because\nof this' }),
});

test('errors of the CA keep their type and how long it wants to be left alone', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer } = await testIssuer({ ...pebble, directory: front.directory });
  const cases: readonly (readonly [FrontAnswer, object])[] = [
    [
      { status: 503, headers: { 'retry-after': '120' }, body: 'busy' },
      { kind: 'unreachable', retryAfterMs: 120_000, type: null },
    ],
    [problem(500, 'serverInternal'), { kind: 'unreachable', retryAfterMs: null }],
    [
      problem(429, 'rateLimited', { 'retry-after': '3600' }),
      {
        kind: 'rate-limited',
        retryAfterMs: 3_600_000,
        type: 'urn:ietf:params:acme:error:rateLimited',
        message: 'the CA answered: rateLimited: because of this',
      },
    ],
    [problem(403, 'rateLimited', { 'retry-after': '30' }), { kind: 'rate-limited', retryAfterMs: 30_000 }],
    [problem(400, 'rejectedIdentifier'), { kind: 'rejected' }],
    [problem(403, 'userActionRequired'), { kind: 'account' }],
    [
      { status: 201, headers: { location: 'https://127.0.0.1/order' }, body: '{"status":"odd"}' },
      { kind: 'bad-answer' },
    ],
    [{ status: 201, body: '<html>' }, { kind: 'bad-answer' }],
    [{ status: 200, body: 'x'.repeat(2_000_000) }, { kind: 'unreachable' }],
  ];
  for (const [answer, expected] of cases) {
    front.intervene = ({ path }) => (path === '/order-plz' ? answer : null);
    await expect(issuer.obtain(requestFor(['one.test']), notAborted)).rejects.toMatchObject(expected);
  }
  front.intervene = () => null;
  await issuer.obtain(requestFor(['one.test']), notAborted);
  expect(pebble.log().match(/Added order/g)).toHaveLength(1);
});

test('a limit of the account that one name meets is not asked for again by others', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer } = await testIssuer({ ...pebble, directory: front.directory });
  const limit = (detail: string): FrontAnswer => ({
    ...problem(429, 'rateLimited', { 'retry-after': '600' }),
    body: JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail }),
  });
  const isOrder = ({ path }: { readonly path: string }): boolean => path === '/order-plz';
  front.intervene = (asked) =>
    isOrder(asked) ? limit('too many certificates (5) already issued for "one.test"') : null;
  const obtain = (name: string) => issuer.obtain(requestFor([name]), notAborted);
  await expect(obtain('one.test')).rejects.toMatchObject({ kind: 'rate-limited', isHeldBack: false });
  front.intervene = (asked) => (isOrder(asked) ? limit('too many new orders (300) from this account') : null);
  await expect(obtain('two.test')).rejects.toMatchObject({ kind: 'rate-limited', isHeldBack: false });
  await expect(obtain('three.test')).rejects.toMatchObject({ kind: 'rate-limited', isHeldBack: true });
  expect(front.requests.filter(isOrder)).toHaveLength(2);
});

test('a CA that is down, has a stranger’s certificate, or is none is told apart', async () => {
  const pebble = await startPebble();
  const { again } = await testIssuer(pebble);
  const obtain = (changes: object): Promise<unknown> =>
    again(changes).obtain(requestFor(['one.test']), notAborted);
  await expect(obtain({ ca: otherAuthority })).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('certificate'),
  });
  await expect(obtain({ directory: `${pebble.directory}/none` })).rejects.toMatchObject({ kind: 'rejected' });
  await pebble.kill();
  await expect(obtain({})).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a CA that sends a certificate for another key is not believed', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer } = await testIssuer({ ...pebble, directory: front.directory });
  const { cert } = await issuer.obtain(requestFor(['one.test']), notAborted);
  front.change = ({ path }, body) => (path.startsWith('/certZ/') ? cert : body);
  await expect(issuer.obtain(requestFor(['two.test']), notAborted)).rejects.toMatchObject({
    kind: 'bad-answer',
    message: 'the CA sent a certificate that is not for our key',
  });
});

test('a CA that ends every account is not asked for new ones without end', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer } = await testIssuer({ ...pebble, directory: front.directory });
  front.intervene = ({ path, payload }) =>
    path === '/order-plz' ||
    (path === '/sign-me-up' && JSON.stringify(payload).includes('onlyReturnExisting'))
      ? problem(403, 'unauthorized')
      : null;
  for (let round = 0; round < 3; round++)
    await expect(issuer.obtain(requestFor(['one.test']), notAborted)).rejects.toMatchObject({
      type: 'urn:ietf:params:acme:error:unauthorized',
    });
  expect(pebble.log().match(/There are now \d+ accounts/g)).toHaveLength(2);
});
