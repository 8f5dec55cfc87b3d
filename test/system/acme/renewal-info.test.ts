import { expect, test } from 'vitest';
import { certificateId } from '../../../certs/acme-renewal-info.ts';
import { startAcmeFront, type AcmeFront } from '../../support/acme-front.ts';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

/** Pebble 2.4 has no ARI: the front has. */
function addRenewalInfo(front: AcmeFront): void {
  const url = front.directory.replace('/dir', '/renewal-info');
  front.change = ({ path }, body) =>
    path === '/dir' ? JSON.stringify({ ...JSON.parse(body), renewalInfo: url }) : body;
}

test('the CA is asked when it wants a certificate to be renewed', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  const { issuer, again } = await testIssuer({ ...pebble, directory: front.directory });
  const { cert } = await issuer.obtain(requestFor(['one.test']), notAborted);
  expect(await issuer.renewalInfo(cert, notAborted)).toBeNull();

  addRenewalInfo(front);
  const window = { start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00Z' };
  let answer = { status: 200, headers: { 'retry-after': '7200' }, body: '' };
  front.intervene = ({ path }) => (path === `/renewal-info/${certificateId(cert)}` ? answer : null);
  const asked = again();
  answer = {
    ...answer,
    body: JSON.stringify({ suggestedWindow: window, explanationURL: 'https://ca.test/why' }),
  };
  expect(await asked.renewalInfo(cert, notAborted)).toEqual({
    start: new Date(window.start),
    end: new Date(window.end),
    explanationUrl: 'https://ca.test/why',
    retryAfterMs: 7_200_000,
  });
  answer = { ...answer, body: JSON.stringify({ suggestedWindow: { start: window.end, end: window.start } }) };
  await expect(asked.renewalInfo(cert, notAborted)).rejects.toMatchObject({ kind: 'bad-answer' });
  answer = { ...answer, status: 404, body: 'none' };
  expect(await asked.renewalInfo(cert, notAborted)).toBeNull();
  answer = { ...answer, status: 503, body: 'busy' };
  await expect(asked.renewalInfo(cert, notAborted)).rejects.toMatchObject({
    kind: 'unreachable',
    retryAfterMs: 7_200_000,
  });
});

test('an order says which certificate it replaces, and goes without where the CA will not have it', async () => {
  const pebble = await startPebble();
  const front = await startAcmeFront(pebble);
  addRenewalInfo(front);
  const { issuer } = await testIssuer({ ...pebble, directory: front.directory });
  const first = await issuer.obtain(requestFor(['one.test']), notAborted);
  const second = await issuer.obtain(requestFor(['one.test'], { replaces: first.cert }), notAborted);
  const replaces = certificateId(first.cert);
  expect(front.requests.filter(({ path }) => path === '/order-plz').map(({ payload }) => payload)).toEqual([
    { identifiers: [{ type: 'dns', value: 'one.test' }] },
    { identifiers: [{ type: 'dns', value: 'one.test' }], replaces },
  ]);

  front.intervene = ({ path, payload }) =>
    path === '/order-plz' && JSON.stringify(payload).includes('replaces')
      ? {
          status: 409,
          headers: { 'content-type': 'application/problem+json' },
          body: JSON.stringify({ type: 'urn:ietf:params:acme:error:alreadyReplaced', detail: 'no' }),
        }
      : null;
  await issuer.obtain(requestFor(['one.test'], { replaces: second.cert }), notAborted);
});
