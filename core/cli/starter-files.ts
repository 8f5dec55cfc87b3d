/** The starter project of `tidegate init`: path in the new folder → text. `version`: of the running Tidegate. */
export function starterFiles(version: string): Readonly<Record<string, string>> {
  return {
    'tidegate.config.ts': config,
    'rules/site.ts': rule,
    'rules/site.test.ts': ruleTest,
    'package.json': manifest(version),
    'tsconfig.json': compilerOptions,
    'README.md': readme,
    '.gitignore': 'node_modules/\n',
  };
}

const config = `import { defineConfig } from 'tidegate';

// Every key, its default and its meaning: docs/config.md of Tidegate. \`tidegate check\` reports what is wrong here.
export default defineConfig({
  listeners: [
    {
      name: 'web',
      protocol: 'http',
      address: '127.0.0.1:8080', // ':8080' listens on every address of this machine
      // The order for a request: the rule script, then \`routes\`, then \`upstream\`.
      rules: './rules/site.ts',
      routes: [{ host: 'api.localhost', path: '/v1/*', upstream: 'api' }],
      upstream: 'site',
    },
  ],
  upstreams: {
    site: {
      scheduler: 'weighted-round-robin',
      backends: [
        { address: '127.0.0.1:3000', weight: 2 },
        { address: '127.0.0.1:3001', weight: 1 }, // weight 0 takes a backend out without removing it
      ],
    },
    api: { backends: [{ address: '127.0.0.1:3002' }] },
  },
  // Lists that a rule may ask for by name: req.client.in('office')
  lists: { office: ['192.0.2.0/24'] },
  log: { level: 'info', access: true },
});
`;

const rule = `import { defineRules, deny, forward, next, redirect } from 'tidegate/rules';

// Runs in a sandbox for every request, bounded in time and memory. A saved change takes effect at once.
export default defineRules({
  request(req) {
    // Keep people outside of the office away from the admin pages.
    if (req.path.startsWith('/admin') && !req.client.in('office')) return deny();
    // Send old links on to where the pages are now.
    if (req.path.startsWith('/blog/')) return redirect(req.target.replace('/blog/', '/posts/'), 308);
    // Let those who asked for it try the new API.
    if (req.cookies.get('beta') === '1') return forward('api', { setHeaders: { 'x-cohort': 'beta' } });
    return next();
  },
  response(res) {
    res.headers.delete('server');
  },
});
`;

const ruleTest = `import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadRules, type LoadedRules } from 'tidegate/testing';

// \`tidegate test\` runs these: the script runs in the same sandbox as in the proxy.
let rules: LoadedRules;
beforeAll(async () => {
  rules = await loadRules(new URL('./site.ts', import.meta.url), { lists: { office: ['192.0.2.0/24'] } });
});
afterAll(async () => {
  await rules.close();
});

test('the admin pages are for the office only', async () => {
  expect(await rules.request({ path: '/admin', client: '203.0.113.9' })).toMatchObject({ kind: 'deny', status: 403 });
  expect(await rules.request({ path: '/admin', client: '192.0.2.7' })).toMatchObject({ kind: 'next' });
});

test('old links are sent on', async () => {
  expect(await rules.request({ path: '/blog/one?page=2' })).toMatchObject({
    kind: 'redirect',
    location: '/posts/one?page=2',
    status: 308,
  });
});

test('beta visitors get the new API', async () => {
  const decision = await rules.request({ path: '/', headers: { cookie: 'beta=1' } });
  expect(decision).toMatchObject({ kind: 'forward', upstream: 'api' });
});
`;

function manifest(version: string): string {
  return `{
  "private": true,
  "type": "module",
  "scripts": {
    "start": "tidegate run",
    "check": "tidegate check",
    "test": "tidegate test"
  },
  "devDependencies": {
    "typescript": "^7.0.2",
    "vitest": "^5.1.1"
  },
  "dependencies": {
    "tidegate": "^${version}"
  }
}
`;
}

const compilerOptions = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true
  }
}
`;

const readme = `# A Tidegate project

- \`tidegate.config.ts\`: listeners and upstreams
- \`rules/site.ts\`: the routing rules, \`rules/site.test.ts\`: their tests

\`\`\`sh
npm install        # for types in the editor, and for the tests
npx tidegate check # validates the config, compiles and type-checks the rules
npx tidegate test  # runs the rule tests
npx tidegate explain GET http://127.0.0.1:8080/admin --client 203.0.113.9
npx tidegate run   # a saved change of config or rules takes effect at once
\`\`\`
`;
