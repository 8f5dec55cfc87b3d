import { expect, test } from 'vitest';
import { unusedPort } from '../../support/raw-backend.ts';
import { connectTcp, received, startNamed } from '../../support/tcp-peers.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

test('a port that is taken out of a range takes its connections along, after drainTimeout, and no others', async () => {
  const backend = await startNamed('one');
  const port = await unusedPort();
  const config = (ports: string): string => `
listeners: [{ name: range, protocol: tcp, address: '127.0.0.1:${ports}', upstream: site, drainTimeout: 300ms }]
upstreams: { site: { backends: [{ address: ${backend.address} }], healthCheck: false } }
workers: 1
`;
  const files = { 'tidegate.config.yaml': config(`${port}-${port + 1}`) };
  const tidegate = await runTidegate({ workers: 'real', files });
  const stays = await connectTcp(port);
  const goes = await connectTcp(port + 1);
  await Promise.all([received(stays, 'one\n'), received(goes, 'one\n')]);
  const begunMs = performance.now();
  await tidegate.write('tidegate.config.yaml', config(`${port}`));
  await goes.end();
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(295);
  stays.send('still here');
  await received(stays, 'still here');
});
