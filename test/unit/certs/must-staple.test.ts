import { expect, onTestFinished, test } from 'vitest';
import { makeIdentity, ocspResponse, startResponder } from '../../support/ocsp.ts';
import { configOf, DAY, PATIENT, TestManager } from './manager-setup.ts';

test('a must-staple certificate takes the place of one that works only with its staple', async () => {
  const authority = await makeIdentity({ name: 'authority' });
  let isDown = true;
  const ocspUrl = await startResponder((_, response) => {
    if (isDown) response.writeHead(500).end();
    else
      response
        .writeHead(200, { 'content-type': 'application/ocsp-response' })
        .end(ocspResponse({ leaf: leaf.cert, issuer: authority }));
  });
  const leaf = await makeIdentity({ name: 'a.test', issuer: authority, ocspUrl, mustStaple: true });
  // Staples are of now: what comes before has to be of the past.
  const one = new TestManager(undefined, Date.now() - 22 * DAY);
  onTestFinished(() => one.manager.close());
  await one.use(configOf(['a.test']));
  await expect.poll(() => one.served('a.test'), PATIENT).not.toBe(null);
  const before = one.served('a.test');
  one.issuer().issue = async () => ({
    cert: leaf.cert + authority.cert,
    key: leaf.key.export({ type: 'pkcs8', format: 'pem' }),
  });
  await one.clock.jump(22 * DAY);
  const held = 'the new certificate has no OCSP staple yet; that of before goes on serving';
  await expect.poll(() => one.logged(held), PATIENT).toHaveLength(1);
  expect(one.served('a.test')).toBe(before);
  isDown = false;
  await one.clock.jump(60_000);
  await expect.poll(() => one.served('a.test'), PATIENT).toContain(leaf.cert);
  const [pair] = one.manager.exact('a.test');
  await expect.poll(() => pair && one.manager.staple(pair), PATIENT).toMatch(/^[\w+/]+=*$/);
  expect(one.issuer().requests).toHaveLength(2);
});
