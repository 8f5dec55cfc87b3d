import { expect, test } from 'vitest';
import { completeLock, hostsNamed } from '../../check/lock-file.ts';

test('a binary package that the registry lacked gets an entry for its platform', () => {
  const packages = {
    'node_modules/tool': {
      dev: true,
      optionalDependencies: {
        '@tool/linux-x64-musl': '1.2.3',
        '@tool/darwin-arm64': '1.2.3',
        '@tool/linux-x64-gnu': '1.2.3',
      },
    },
    'node_modules/@tool/linux-x64-gnu': {},
  };
  expect(completeLock(packages)).toEqual({
    'node_modules/@tool/linux-x64-musl': {
      version: '1.2.3',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    },
    'node_modules/@tool/darwin-arm64': {
      version: '1.2.3',
      dev: true,
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    },
  });
});

test('a registry named in the lock file is found', () => {
  expect(
    hostsNamed({
      'node_modules/a': { resolved: 'https://registry.example/a/-/a-1.0.0.tgz' },
      'node_modules/b': {},
    }),
  ).toEqual(['registry.example']);
});
