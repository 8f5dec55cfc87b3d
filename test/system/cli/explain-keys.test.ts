import { expect, test } from 'vitest';
import { register } from '../../../core/cli/explain.ts';
import { projectFolder, runHere } from '../../integration/cli/run-cli.ts';

const config = `
listeners:
  - { name: web, address: 127.0.0.1:8080, rules: ./site.ts, upstream: cache }
upstreams:
  cache:
    scheduler: { type: consistent-hash, key: header(x-user) }
    backends: [{ address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 }, { address: 127.0.0.1:9003 }]
  tenants:
    scheduler: { type: key-modulo, key: header(host) }
    backends: [{ address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 }]
`;

const script = `import { defineRules, forward, next } from 'tidegate/rules';
export default defineRules({
  request(req) {
    if (req.path === '/seven') return forward('tenants', { key: 7 });
    if (req.path === '/host') return forward('tenants', { host: 'b.example' });
    return next();
  },
});
`;

const url = 'http://127.0.0.1:8080';

test('explain names the key of a request, and the backend that it goes to', async () => {
  await using project = await projectFolder({ 'tidegate.config.yaml': config, 'site.ts': script });
  const explain = async (...args: string[]): Promise<string> =>
    (await runHere(project.path, register, 'explain', 'GET', ...args)).stdout;
  const ann = await explain(`${url}/`, '-H', 'X-User: ann');
  expect(ann).toContain('consistent-hash picks it of 3 for the key "ann"');
  expect(await explain(`${url}/other`, '-H', 'X-User: ann')).toContain(/goes to \S+/.exec(ann)?.[0]);
  expect(await explain(`${url}/`)).toContain(
    'consistent-hash picks it first of 3 without a key (header(x-user)); later requests get the others',
  );
  const seven = await explain(`${url}/seven`);
  expect(seven).toContain('forward to tenants, key "7"');
  expect(seven).toContain('key-modulo picks it of 2 for the key "7"');
  expect(seven).toContain('goes to 127.0.0.1:9002');
  expect(await explain(`${url}/host`)).toContain('for the key "b.example"');
});
