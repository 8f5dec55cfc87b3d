import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:tls';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { makeIdentity, ocspResponse, startResponder, type TestIdentity } from '../../support/ocsp.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { httpsFilesWith } from '../../integration/tls/processes.ts';

let issuer: TestIdentity;
beforeEach(async () => {
  issuer = await makeIdentity({ name: 'authority.test' });
});

/** A certificate with its issuer's, and the only responder that knows it. */
async function makeStapled(name: string) {
  const waiting: ServerResponse[] = [];
  let isSilent = false;
  const answer = (response: ServerResponse): void =>
    void response.end(ocspResponse({ leaf: leaf.cert, issuer }));
  const url = await startResponder((request, response) => {
    request.resume();
    if (isSilent) waiting.push(response);
    else answer(response);
  });
  const leaf = await makeIdentity({ name, issuer, ocspUrl: url });
  return {
    cert: leaf.cert + issuer.cert,
    key: leaf.key.export({ type: 'pkcs8', format: 'pem' }),
    waiting,
    hold: () => (isSilent = true),
    letGo(): void {
      isSilent = false;
      waiting.splice(0).forEach(answer);
    },
  };
}

/** What a client gets that asks for a staple: `fingerprint` of the certificate, and whether there is one. */
async function handshake(tidegate: TidegateProcess, servername: string) {
  const { port } = new URL(await tidegate.url());
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    ca: issuer.cert,
    servername,
    requestOCSP: true,
    checkServerIdentity: () => undefined,
  });
  onTestFinished(() => void socket.destroy());
  let staple: Buffer | null = null;
  socket.on('OCSPResponse', (response: Buffer | null) => (staple = response));
  await once(socket, 'secureConnect');
  return { fingerprint: socket.getPeerCertificate().fingerprint256, isStapled: staple !== null };
}

test('a certificate from a file is served before its responder answers, and with a staple from then on', async () => {
  const site = await makeStapled('one.test');
  site.hold();
  const tidegate = await runTidegate({ workers: 'real', files: httpsFilesWith(site) });
  await poll(() => site.waiting.length === 1);
  const before = await handshake(tidegate, 'one.test');
  expect(before.isStapled).toBe(false);
  site.letGo();
  await poll(async () => (await handshake(tidegate, 'one.test')).isStapled);

  const renewed = await makeStapled('one.test');
  await tidegate.write('site.key', renewed.key);
  await tidegate.write('site.pem', renewed.cert);
  await poll(async () => {
    const { fingerprint, isStapled } = await handshake(tidegate, 'one.test');
    return fingerprint !== before.fingerprint && isStapled;
  });
});

test('with `ocspStapling: false` no responder hears of a certificate', async () => {
  const [site, other] = [await makeStapled('one.test'), await makeStapled('two.test')];
  site.hold();
  const tidegate = await runTidegate({
    workers: 'real',
    files: httpsFilesWith(site, { tls: 'ocspStapling: false' }),
  });
  const before = (await handshake(tidegate, 'one.test')).fingerprint;
  expect(site.waiting).toHaveLength(0);
  // From now on with it: the first question is about what is there then.
  const files = httpsFilesWith(other);
  for (const name of ['site.key', 'site.pem', 'tidegate.config.yaml'])
    await tidegate.write(name, files[name] ?? '');
  await poll(async () => {
    const { fingerprint, isStapled } = await handshake(tidegate, 'two.test');
    return fingerprint !== before && isStapled;
  });
  expect(site.waiting).toHaveLength(0);
});
