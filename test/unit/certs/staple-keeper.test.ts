import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { needsStaple } from '../../../certs/ocsp.ts';
import { StapleKeeper, type Stapled } from '../../../certs/staple-keeper.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { DAY_MS, makeIdentity, ocspResponse, startResponder, type TestIdentity } from '../../support/ocsp.ts';
import { poll } from '../../support/poll.ts';
import { recordingLog } from '../../support/recording-log.ts';

const never = new AbortController().signal;

let issuer: TestIdentity;
let storage: MemoryStorage;
let recorded: ReturnType<typeof recordingLog>;
let clock: number;
beforeEach(async () => {
  issuer = await makeIdentity({ name: 'authority.test' });
  storage = new MemoryStorage();
  recorded = recordingLog();
  clock = Date.now();
});

/** A responder that counts, and answers for the one certificate there is until the test says otherwise. */
async function start(options: { readonly mustStaple?: boolean } = {}) {
  const events = { questions: 0, changes: 0, revoked: 0 };
  const answer = (response: ServerResponse, bytes: Buffer): void => void response.end(bytes);
  const good = (_: IncomingMessage, response: ServerResponse): void =>
    answer(
      response,
      ocspResponse({ leaf: leaf.cert, issuer, thisUpdate: clock - 1000, nextUpdate: clock + 7 * DAY_MS }),
    );
  const responder = { reply: good };
  const url = await startResponder((request, response) => {
    events.questions += 1;
    request.resume();
    responder.reply(request, response);
  });
  const leaf = await makeIdentity({ name: 'a.test', issuer, ocspUrl: url, ...options });
  const certificate: Stapled = { names: ['a.test'], cert: leaf.cert + issuer.cert };
  const newKeeper = (): StapleKeeper => {
    const keeper = new StapleKeeper({
      storage,
      log: recorded.log,
      now: () => clock,
      onChange: () => (events.changes += 1),
      onRevoked: () => (events.revoked += 1),
    });
    onTestFinished(() => keeper.close());
    return keeper;
  };
  return { events, responder, good, answer, leaf, certificate, newKeeper, keeper: newKeeper() };
}

test('has a staple soon after a certificate is followed, and tells of it once', async () => {
  const { keeper, certificate, events } = await start();
  expect(keeper.staple(certificate)).toBeNull();
  keeper.follow([certificate]);
  await poll(() => keeper.staple(certificate));
  keeper.follow([certificate]);
  await keeper.close();
  expect(events).toEqual({ questions: 1, changes: 1, revoked: 0 });
});

test('asks nobody again after a restart', async () => {
  const { keeper, newKeeper, certificate, events } = await start();
  keeper.follow([certificate]);
  const staple = await poll(() => keeper.staple(certificate));
  const next = newKeeper();
  next.follow([certificate]);
  expect(await poll(() => next.staple(certificate))).toBe(staple);
  expect(events.questions).toBe(1);
});

test.each([
  { left: 'half of it', spoil: (text: string) => text.slice(0, 100) },
  { left: 'something else', spoil: () => '{"response":"AAAA","nextUpdate":"2099-01-01T00:00:00Z"}' },
])('asks anew where a crash left $left', async ({ spoil }) => {
  const { keeper, newKeeper, certificate, events } = await start();
  keeper.follow([certificate]);
  await poll(() => keeper.staple(certificate));
  const [key = ''] = await storage.list('ocsp');
  await storage.store(key, spoil(String(await storage.load(key))));
  const next = newKeeper();
  next.follow([certificate]);
  await poll(() => next.staple(certificate));
  expect(events.questions).toBe(2);
});

test('asks for the next one at about half of the time that one is good', async () => {
  const { keeper, certificate, events } = await start();
  keeper.follow([certificate]);
  const first = await poll(() => keeper.staple(certificate));
  clock += 3 * DAY_MS;
  keeper.follow([certificate]);
  clock += DAY_MS;
  keeper.follow([certificate]);
  await poll(() => keeper.staple(certificate) !== first);
  expect(events).toMatchObject({ questions: 2, changes: 2 });
});

test('keeps a staple while the responder fails, but not after its time', async () => {
  const { keeper, certificate, events, responder, answer } = await start();
  keeper.follow([certificate]);
  const first = await poll(() => keeper.staple(certificate));
  responder.reply = (_, response) => answer(response.writeHead(500), Buffer.from('busy'));
  clock += 6 * DAY_MS;
  keeper.follow([certificate]);
  await poll(() => recorded.lines.length === 1);
  expect(keeper.staple(certificate)).toBe(first);
  expect(events.changes).toBe(1);
  clock += 2 * DAY_MS;
  expect(keeper.staple(certificate)).toBeNull();
  keeper.follow([certificate]);
  await poll(() => events.changes === 2);
  expect(events.questions).toBe(3);
});

test('says so when the certificate was revoked, and staples that to no handshake', async () => {
  const { keeper, certificate, events, leaf, responder, answer } = await start();
  responder.reply = (_, response) =>
    answer(response, ocspResponse({ leaf: leaf.cert, issuer, status: 'revoked' }));
  keeper.follow([certificate]);
  await poll(() => events.revoked === 1);
  expect(keeper.staple(certificate)).toBeNull();
});

test('leaves a certificate alone that names no responder', async () => {
  const { keeper, events } = await start();
  const plain = await makeIdentity({ name: 'b.test', issuer });
  keeper.follow([{ names: ['b.test'], cert: plain.cert + issuer.cert }]);
  await keeper.close();
  expect(events.questions).toBe(0);
});

test('forgets what is followed no longer', async () => {
  const { keeper, certificate } = await start();
  keeper.follow([certificate]);
  await poll(() => keeper.staple(certificate));
  keeper.follow([]);
  expect(keeper.staple(certificate)).toBeNull();
});

test('removes staples of certificates that went, when they are good no longer', async () => {
  const { keeper, certificate } = await start();
  await storage.store('ocsp/old.json', '{"response":"AAAA","nextUpdate":"2020-01-01T00:00:00Z"}');
  await storage.store('ocsp/new.json', '{"response":"AAAA","nextUpdate":"2099-01-01T00:00:00Z"}');
  keeper.follow([certificate]);
  await poll(() => keeper.staple(certificate));
  expect(await storage.list('ocsp')).toHaveLength(2);
  expect(await storage.load('ocsp/old.json')).toBeNull();
});

test('a certificate that clients refuse without a staple is found to have one, or not', async () => {
  const { keeper, certificate, responder, good, answer } = await start({ mustStaple: true });
  const plain = await makeIdentity({ name: 'b.test', issuer });
  expect([needsStaple(certificate.cert), needsStaple(plain.cert)]).toEqual([true, false]);
  responder.reply = (_, response) => answer(response, Buffer.from('30030a0103', 'hex'));
  expect(await keeper.prepare(certificate, never)).toBe(false);
  responder.reply = good;
  expect(await keeper.prepare(certificate, never)).toBe(true);
  // Before it is followed, so that its first handshake has one.
  responder.reply = (_, response) => response.destroy();
  keeper.follow([certificate]);
  await poll(() => keeper.staple(certificate));
});

test.each<{
  readonly what: string;
  readonly reply: (response: ServerResponse) => void;
  readonly said: string;
}>([
  { what: 'with a redirect', reply: (r) => r.writeHead(302, { location: '/x' }).end(), said: 'found 302' },
  { what: 'without end', reply: (r) => void endless(r), said: 'expected at most 65536 bytes' },
  {
    what: 'and breaks off',
    reply: (r) => r.writeHead(200, { 'content-length': 9 }).write('x', () => r.destroy()),
    said: 'aborted',
  },
  { what: 'with noise', reply: (r) => r.end('noise'), said: 'it cannot be read' },
])('an attack by a responder that answers $what ends in a line of the log', async ({ reply, said }) => {
  const { keeper, certificate, responder } = await start();
  responder.reply = (_, response) => reply(response);
  keeper.follow([certificate]);
  const line = await poll(() => recorded.lines[0]);
  expect(String(line.fields['err'])).toContain(said);
  expect(keeper.staple(certificate)).toBeNull();
});

async function endless(response: ServerResponse): Promise<void> {
  while (!response.destroyed)
    if (!response.write(Buffer.alloc(16_384))) await once(response, 'drain').catch(() => {});
}

test('a responder that never answers does not keep it from closing', async () => {
  const { keeper, certificate, responder, events } = await start();
  responder.reply = () => {};
  keeper.follow([certificate]);
  await poll(() => events.questions === 1);
  await keeper.close();
  expect(recorded.lines).toEqual([]);
});

test('asks about a few of many certificates at a time', async () => {
  let [now, most] = [0, 0];
  const waiting: ServerResponse[] = [];
  const url = await startResponder((request, response) => {
    request.resume();
    most = Math.max(most, (now += 1));
    waiting.push(response);
  });
  const { newKeeper } = await start();
  const many = await Promise.all(
    Array.from({ length: 12 }, async (_, at) => {
      const leaf = await makeIdentity({ name: `n${at}.test`, issuer, ocspUrl: url });
      return { names: [`n${at}.test`], cert: leaf.cert + issuer.cert };
    }),
  );
  const keeper = newKeeper();
  keeper.follow(many);
  await poll(() => waiting.length === 4);
  for (let left = many.length; left > 0; left -= 1) {
    const response = await poll(() => waiting.shift());
    now -= 1;
    response.writeHead(500).end();
  }
  await poll(() => recorded.lines.length === many.length);
  expect(most).toBe(4);
});
