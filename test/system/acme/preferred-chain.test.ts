import * as x509 from '@peculiar/x509';
import { expect, test } from 'vitest';
import { notAborted, requestFor, testIssuer } from '../../support/acme-issuer.ts';
import { startPebble } from '../../support/pebble.ts';

test('of several chains the one that leads to the preferred issuer is taken', async () => {
  const pebble = await startPebble({ alternateRoots: 2 });
  const { issuer, again } = await testIssuer(pebble);
  const usual = await issuer.obtain(requestFor(['one.test']), notAborted);
  const wanted = await otherIssuer(pebble);
  expect(issuersIn(usual.cert)).not.toContain(wanted);
  const preferred = await again({ preferredChain: wanted }).obtain(requestFor(['two.test']), notAborted);
  expect(issuersIn(preferred.cert)).toContain(wanted);
  const unknown = await again({ preferredChain: 'nobody' }).obtain(requestFor(['three.test']), notAborted);
  expect(issuersIn(unknown.cert)).toEqual(issuersIn(usual.cert));
});

/** Common name of a root that the usual chain does not lead to. */
async function otherIssuer(pebble: { root(index?: number): Promise<string> }): Promise<string> {
  return commonName(new x509.X509Certificate(await pebble.root(1)).subject);
}

function issuersIn(chain: string): string[] {
  return x509.PemConverter.decode(chain).map((each) => commonName(new x509.X509Certificate(each).issuer));
}

function commonName(name: string): string {
  return /CN=([^,]+)/.exec(name)?.[1] ?? '';
}
