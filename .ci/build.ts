import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';

/**
 * Makes `dist/` from the sources. The compiler takes the `.ts` files; what it leaves out but the
 * program reads at run time (ambient declarations for rule scripts, `*-template` folders) is copied as it is.
 */
const sources = '{core,rules,plugins,certs}';

rmSync('dist', { recursive: true, force: true });
const { status, error } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (error !== undefined) throw error;
if (status !== 0) process.exit(1);

for (const path of globSync([`${sources}/**/*.d.ts`, `${sources}/**/*-template`])) {
  cpSync(path, `dist/${path}`, { recursive: true });
}
