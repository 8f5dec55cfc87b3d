import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { typeCheckRules } from '../../../rules/type-check.ts';

/** The lines, from 1, that the type-checker complains of. */
async function badLines(lines: readonly string[]): Promise<readonly number[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-types-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'rules.ts');
  await writeFile(file, lines.join('\n'));
  const { available, problems } = await typeCheckRules([file]);
  expect(available).toBe(true);
  for (const problem of problems) expect(problem.file).toBe(file);
  return [...new Set(problems.map(({ line }) => line))];
}

const imports = `import { defineRules, deny, forward, inspect, redirect, respond, next, type Decision } from 'tidegate/rules';`;

test('what the sandbox has is known', async () => {
  const lines = [
    imports,
    'const params = new URLSearchParams({ a: "b" });',
    'console.log(params.get("a")?.length, new TextDecoder().decode(new TextEncoder().encode(atob(btoa("x")))));',
    'export default defineRules({',
    '  request(req) {',
    '    req.headers.set("x", req.cookies.get("a") ?? "");',
    '    if (req.client.in("10.0.0.0/8")) return forward("a", { path: req.path });',
    '    if (req.query.has("a")) return redirect(`/?${new URLSearchParams(req.query)}`);',
    '    if (req.method === "PUT") return respond("x", { status: 201, headers: { a: ["b"] } });',
    '    return req.scheme === "http" ? deny() : next();',
    '  },',
    '  response(res, req) { if (req.headers.has("x")) res.status = 200; },',
    '  log: (entry) => entry["status"] !== 200,',
    '  pick: (candidates) => candidates[0],',
    '});',
  ];
  expect(await badLines(lines)).toEqual([]);
});

test('what it has not, and misuse, are errors', async () => {
  const lines = [
    imports,
    'process.env;',
    'setTimeout(() => {}, 1);',
    'const a: Decision = {};',
    'const b: Decision = { kind: "forward" };',
    'defineRules({ async request() { return deny(); } });',
    'defineRules({ request: () => "site" });',
    'defineRules({ response(_res, req) { req.headers.set("a", "b"); } });',
    'defineRules({ request(req) { req.query.set("a", "b"); } });',
    'defineRules({ accept() {} });',
    'forward("a", { headers: {} });',
    'forward(1);',
    'export default 1;',
  ];
  expect(await badLines(lines)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('a connection is decided about in its own way', async () => {
  const lines = [
    imports,
    'export default defineRules({',
    '  connect(conn) {',
    '    if (conn.bytes === null && conn.protocol !== "udp") return inspect(4, { timeout: "2s" });',
    '    if (conn.bytes?.[0] === 0x16 || conn.tls?.alpn.includes("h2")) return forward("web");',
    '    if (conn.tls?.client?.subject === "CN=db" && conn.tls.serverName !== null) return deny();',
    '    if (conn.client.in("10.0.0.0/8")) return forward("a", { key: conn.client.port, priority: "low" });',
    '    return conn.local.port === 22 ? forward(conn.listener + conn.client.address + conn.local.address) : next();',
    '  },',
    '});',
  ];
  expect(await badLines(lines)).toEqual([]);
});

test('what is about a request is nothing for a connection, and the other way round', async () => {
  const lines = [
    imports,
    'defineRules({ connect: () => redirect("/") });',
    'defineRules({ connect: () => respond("hello") });',
    'defineRules({ connect: () => deny(403) });',
    'defineRules({ connect: () => forward("a", { path: "/" }) });',
    'defineRules({ connect: () => forward("a", { setHeaders: { a: "b" } }) });',
    'defineRules({ request: () => inspect(4) });',
    'defineRules({ async connect() { return next(); } });',
    'defineRules({ connect(conn) { conn.client.port = 1; } });',
    'defineRules({ connect(conn) { return conn.tls.serverName === "a" ? deny() : next(); } });',
    'inspect("4");',
    'inspect(4, { timeout: 2 });',
    'export default 1;',
  ];
  expect(await badLines(lines)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
