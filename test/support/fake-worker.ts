import { createServer, type Server } from 'node:http';

import { openPrimaryChannel, type SocketHandle } from '../../core/ipc/channel.ts';
import { listenKey, type SnapshotPlan } from '../../core/ipc/messages.ts';

/**
 * A worker that speaks the primary's protocol and answers every request with its snapshot's version and its
 * pid. Upstream names make it misbehave, so that a test drives it through the config alone:
 * `refuse`, `hang` and `die` do so when a snapshot with such an upstream is prepared.
 */
const channel = openPrimaryChannel();
const handles = new Map<string, SocketHandle>();
const servers = new Map<string, Server>();
let prepared: SnapshotPlan | null = null;
let live: SnapshotPlan | null = null;
let requests = 0;
const startedAt = Date.now();

channel.onClose(() => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => undefined);

channel.onMessage((message, handle) => {
  switch (message.type) {
    case 'socket':
      if (handle !== undefined) handles.set(message.key, handle);
      break;
    case 'udp-socket':
      handle?.close();
      break;
    case 'prepare': {
      const { version } = message.plan;
      const wishes = message.plan.config.upstreams.map(({ name }) => name);
      if (wishes.includes('die')) process.kill(process.pid, 'SIGKILL');
      else if (wishes.includes('refuse'))
        channel.send({ type: 'refused', version, problems: ['the fake worker refuses'] });
      else if (!wishes.includes('hang')) {
        prepared = message.plan;
        channel.send({ type: 'prepared', version });
      }
      break;
    }
    case 'try-plugin':
      channel.send({ type: 'plugin-tried', path: message.path, problems: [] });
      break;
    case 'commit':
      live = prepared;
      serve();
      channel.send({ type: 'committed', version: message.version });
      break;
    case 'rollback':
      prepared = null;
      break;
    case 'status':
      channel.send({
        type: 'status',
        id: message.id,
        status: {
          pid: process.pid,
          snapshotVersion: live?.version ?? 0,
          uptimeMs: Date.now() - startedAt,
          rssBytes: process.memoryUsage.rss(),
          listeners: (live?.config.listeners ?? []).map(({ name }) => ({
            kind: 'http',
            protocol: 'http',
            name,
            connections: 0,
            requests,
            inFlight: 0,
            webSockets: 0,
            statuses: [0, requests, 0, 0, 0],
            refused: 0,
          })),
          upstreams: [],
          rules: (live?.rules ?? []).map(({ id, script }) => ({
            id,
            file: script,
            calls: requests,
            errors: 0,
            faults: 0,
          })),
          shadows: [],
          plugins: [],
        },
      });
      break;
    case 'ping':
      channel.send({ type: 'pong' });
      break;
    case 'backend-overrides':
      channel.send({ type: 'backend-overrides', revision: message.revision });
      break;
    case 'challenges':
      channel.send({ type: 'challenges', revision: message.revision });
      break;
    case 'plugin-message':
    case 'addresses':
    case 'backend-health':
    case 'sticky-sessions':
    case 'certificate':
    case 'certificates-changed':
    case 'ticket-keys':
    case 'reopen-logs':
      break;
    case 'drain':
      for (const server of servers.values()) server.close();
      channel.send({ type: 'drained' });
      setImmediate(() => process.exit(0));
  }
});
channel.send({ type: 'online' });

function serve(): void {
  const wanted = new Set((live?.config.listeners ?? []).map(listenKey));
  for (const [key, server] of servers) {
    if (wanted.has(key)) continue;
    server.close();
    servers.delete(key);
    handles.delete(key);
  }
  for (const key of wanted) {
    const handle = handles.get(key);
    if (servers.has(key) || handle === undefined) continue;
    const server = createServer((request, response) => {
      requests++;
      if (request.url === '/fault') {
        const ruleId = live?.rules[0]?.id ?? '';
        channel.send({ type: 'rule-fault', ruleId, fault: 'time', detail: 'asked for' });
      }
      const rules = live?.rules.map(({ script, id }) => `${script}@${id.slice(0, 8)}`).join(',');
      response.end(
        JSON.stringify({
          version: live?.version,
          pid: process.pid,
          uid: process.getuid?.(),
          gid: process.getgid?.(),
          groups: process.getgroups?.(),
          rules,
        }),
      );
    });
    server.listen(handle);
    servers.set(key, server);
  }
}
