import { describe, expect, test } from 'vitest';
import { findCycles, findViolations } from '../../check/import-rules.ts';
import { importsOf } from '../../check/read-imports.ts';

function check(file: string, source: string): string[] {
  return findViolations(importsOf(file, source));
}

describe('import rules', () => {
  test.each([
    ['core/forward/http.ts', "import { Upstream } from '../upstreams/upstream.ts';"],
    ['core/exchange/pipeline.ts', "import type { Config } from '../shared/config-types.ts';"],
    ['core/primary/reload.ts', "import { compileRules } from '../../rules/compile.ts';"],
    ['rules/isolate.ts', "import ivm from 'isolated-vm';"],
    ['test/unit/anything.test.ts', "import { x } from '../../core/worker/main.ts';"],
  ])('%s may hold: %s', (file, source) => {
    expect(check(file, source)).toEqual([]);
  });

  test.each([
    ['core/primary/reload.ts', "import '../worker/main.ts';", 'primary must not import worker'],
    ['core/worker/main.ts', "import { bind } from '../primary/bind.ts';", 'worker must not import primary'],
    [
      'core/upstreams/backend.ts',
      "import type { X } from '../forward/http.ts';",
      'upstreams must not import forward',
    ],
    [
      'core/upstreams/backend.ts',
      "export { x } from '../exchange/routes.ts';",
      'upstreams must not import exchange',
    ],
    ['core/worker/main.ts', "await import('../cli/main.ts');", 'worker must not import command line'],
    ['core/primary/reload.ts', "import '../../rules/isolate.ts';", 'primary must not import rules'],
    [
      'plugins/builtin/acl.ts',
      "import '../../core/shared/../upstreams/backend.ts';",
      'must not import upstreams',
    ],
    ['core/worker/main.ts', "import ivm from 'isolated-vm';", "may import 'isolated-vm'"],
    ['rules/runtime/headers.ts', "import { inspect } from 'node:util';", 'nothing of Node exists'],
    ['core/worker/main.ts', "import { x } from 'tidegate/rules';", 'use a relative path'],
    ['core/novelty/thing.ts', "import 'node:fs';", 'belongs to no part'],
  ])('%s must not hold: %s', (file, source, message) => {
    const problems = check(file, `\n${source}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
    expect(problems[0]).toContain(`${file}:2: `);
  });

  test('a cycle is named with every file of it; types make none', () => {
    const imports = [
      ...importsOf('core/shared/a.ts', "import './b.ts';"),
      ...importsOf('core/shared/b.ts', "import { C } from './c.ts';"),
      ...importsOf('core/shared/c.ts', "export * from './b.ts'; import type { A } from './a.ts';"),
    ];
    expect(findCycles(imports)).toEqual(['core/shared/b.ts → core/shared/c.ts → core/shared/b.ts']);
  });
});
