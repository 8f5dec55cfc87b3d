import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** The Node that runs this test comes first, whatever the machine has. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };

describe('the packed package, installed elsewhere', () => {
  let folder = '';
  let tarball = '';
  const inFolder = (command: string, ...args: string[]) => run(command, args, { cwd: folder, env });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-package-'));
    await run('npm', ['pack', '--pack-destination', folder], { cwd: repository, env });
    tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    await inFolder(
      'npm',
      'install',
      '--prefix',
      folder,
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      `./${tarball}`,
    );
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('holds what it needs and no more', async () => {
    const { stdout } = await inFolder('tar', '-tzf', tarball);
    const folders = stdout.split('\n').map((path) => path.split('/').slice(0, 2).join('/'));
    expect([...new Set(folders)].filter((path) => path !== '').toSorted()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'certs',
        'core',
        'dist',
        'docs',
        'package.json',
        'plugins',
        'rules',
      ].map((name) => `package/${name}`),
    );
  });

  test("has the config's JSON schema where the docs say that it is, and nothing else of the docs", async () => {
    const docs = join(folder, 'node_modules/tidegate/docs');
    expect(await readdir(docs)).toEqual(['config.schema.json']);
    const schema: unknown = JSON.parse(await readFile(join(docs, 'config.schema.json'), 'utf8'));
    expect(schema).toMatchObject({ title: 'Tidegate config' });
  });

  test('puts `tidegate` on the PATH', async () => {
    const { stdout } = await inFolder(join(folder, 'node_modules/.bin/tidegate'), '--version');
    expect(stdout.trim()).toBe(manifest.version);
  });

  test('gives its entry points to an import', async () => {
    const { stdout } = await inFolder(
      process.execPath,
      '--input-type=module',
      '--eval',
      `import { defineConfig, start } from 'tidegate';
       import { defineRules, forward } from 'tidegate/rules';
       import { definePlugin } from 'tidegate/plugins';
       import { loadRules, testPlugin } from 'tidegate/testing';
       console.log([defineConfig, start, defineRules, forward, definePlugin, loadRules, testPlugin].map((it) => typeof it).join());`,
    );
    expect(stdout.trim()).toBe(Array(7).fill('function').join());
  });

  test("is typed, for a project that has the web's types (for URL) and no others", async () => {
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2024',
          lib: ['es2024', 'esnext.disposable', 'dom'],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
        },
        files: ['consumer.ts'],
      }),
    );
    await writeFile(join(folder, 'consumer.ts'), consumer);
    const compiler = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc');
    const { stdout } = await inFolder(process.execPath, compiler, '-p', folder).catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    expect(stdout).toBe('');
  });

  test('serves a request through a rule script and plugins', async () => {
    const backend = createServer((request, response) =>
      response.end(`backend got ${String(request.headers['x-rule'])}`),
    );
    onTestFinished(() => void backend.close());
    await once(backend.listen(0, '127.0.0.1'), 'listening');
    const address = z.object({ port: z.number() }).parse(backend.address());

    await writeFile(join(folder, 'site.ts'), rule);
    await writeFile(join(folder, 'greeting.ts'), greeting);
    await writeFile(
      join(folder, 'tidegate.config.ts'),
      `import { defineConfig } from 'tidegate';
       import { helloWorld } from 'tidegate/plugins';
       export default defineConfig({
         listeners: [{
           name: 'web', protocol: 'http', address: '127.0.0.1:0', rules: './site.ts', upstream: 'site',
           plugins: [helloWorld({ text: 'hi' }), './greeting.ts'],
         }],
         upstreams: { site: { backends: [{ address: '127.0.0.1:${address.port}' }] } },
         workers: 1,
       });`,
    );
    const tidegate = spawn(join(folder, 'node_modules/.bin/tidegate'), ['run'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(tidegate, 'exit');
    onTestFinished(async () => {
      tidegate.kill('SIGKILL');
      await exited;
    });

    const log = await logUntilReady(tidegate.stdout);
    const listening = log.find(({ msg }) => msg === 'listening');
    const response = await fetch(`http://${String(listening?.['address'])}/`);
    expect(await response.text()).toBe('backend got yes');
    expect(response.headers.get('x-hello')).toBe('hi');
    expect(response.headers.get('x-greeting')).toBe('hello');
    const { stdout } = await inFolder(join(folder, 'node_modules/.bin/tidegate'), 'plugins', 'list');
    expect(stdout).toMatch(/^greeting +\.\/greeting\.ts/m);

    tidegate.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

const consumer = `
import { defineConfig, start } from 'tidegate';
import { defineRules, deny, forward, next, redirect, respond } from 'tidegate/rules';
import { definePlugin, helloWorld, redirectTo } from 'tidegate/plugins';
import { loadRules, testPlugin } from 'tidegate/testing';

export const config = defineConfig({
  listeners: [{
    name: 'web', protocol: 'http', address: ':8080', upstream: 'site',
    plugins: ['./a.ts', { use: 'b', options: { c: 1 } }, helloWorld(), helloWorld({ text: 'hi' }, { onError: 'skip' })],
  }],
  upstreams: { site: { backends: [{ address: '127.0.0.1:9000' }] } },
});
// @ts-expect-error the text is one
helloWorld({ text: 5 });
// @ts-expect-error a listener needs an address
export const broken = defineConfig({ listeners: [{ name: 'web', protocol: 'http' }], upstreams: {} });

export const rules = defineRules({
  request(req) {
    if (req.path === '/moved') return redirect('/there', 308);
    if (req.headers.get('x-old') !== null) return respond('gone', { status: 410 });
    return req.client.in('10.0.0.0/8') ? forward('site', { setHeaders: { 'x-rule': 'yes' } }) : deny();
  },
});
// @ts-expect-error a decision comes from a function that makes one
export const noRules = defineRules({ request: () => 'forward' });

export const plugin = definePlugin({
  name: 'moves',
  options: { '~standard': { version: 1, vendor: 'none', validate: () => ({ value: { to: '/there' } }) } },
  create: ({ to }) => ({ request: ({ request }) => (request.path === to ? undefined : redirectTo(to)) }),
});
export async function tested(): Promise<string> {
  await using moves = await testPlugin(plugin);
  const { status, headers, request } = await moves.request({ url: '/here' }, { body: 'x' });
  return \`\${status} \${headers.get('location')} \${request?.text}\`;
}

export { loadRules, next, start };
`;

const rule = `
import { defineRules, forward } from 'tidegate/rules';
export default defineRules({ request: () => forward('site', { setHeaders: { 'x-rule': 'yes' } }) });
`;

/** What `tidegate run` logs until it is ready; the rest of its output is let go. */
async function logUntilReady(output: Readable): Promise<Record<string, unknown>[]> {
  const entries: Record<string, unknown>[] = [];
  for await (const line of createInterface(output)) {
    const entry = z.record(z.string(), z.unknown()).parse(JSON.parse(line));
    entries.push(entry);
    if (entry['msg'] === 'ready') break;
  }
  output.resume();
  return entries;
}

const greeting = `
import { definePlugin } from 'tidegate/plugins';
import { z } from 'zod';
export default definePlugin({
  name: 'greeting',
  options: z.object({ text: z.string().default('hello') }),
  create: ({ text }) => ({ response({ response }) { response.headers.set('x-greeting', text); } }),
});
`;
