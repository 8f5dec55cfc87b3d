import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { runTidegate } from '../../support/tidegate-process.ts';
import { openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';

const RULES = `import { defineRules, deny, forward } from 'tidegate/rules';
export default defineRules({
  request(req) {
    if (req.headers.get('upgrade') !== 'websocket') return;
    return req.headers.get('origin') === 'https://evil.example' ? deny(403) : forward('chat', { path: '/rooms/1' });
  },
});
`;

test('a rule sees the upgrade like any other request: it denies, forwards and edits', async () => {
  const paths: (string | undefined)[] = [];
  const server = await startWebSocketServer(() => {}, {
    verifyClient: ({ req }: { req: IncomingMessage }) => paths.push(req.url) > 0,
  });
  const tidegate = await runTidegate({
    files: {
      'tidegate.config.yaml': `listeners: [{ name: web, address: '127.0.0.1:0', rules: ./site.ts }]\nupstreams: { chat: { backends: [{ address: '127.0.0.1:${server.port}' }] } }\nworkers: 1\n`,
      'site.ts': RULES,
    },
    workers: 'real',
  });
  const port = Number(new URL(await tidegate.url()).port);
  await openWebSocket(port);
  expect(paths).toEqual(['/rooms/1']);
  const denied = new WebSocket(`ws://127.0.0.1:${port}/chat`, { origin: 'https://evil.example' });
  const [error] = await once(denied, 'error');
  expect(String(error)).toContain('403');
  expect(paths).toHaveLength(1);
});
