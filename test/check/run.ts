import { spawnSync } from 'node:child_process';

/**
 * `npm run check [-- NAME…]`: runs every check, or those named, also after one has failed, so that
 * one run shows all there is to mend.
 */
const checks: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--report-unused-disable-directives'] },
  { name: 'imports', command: ['node', 'test/check/check-imports.ts'] },
  { name: 'lock-file', command: ['node', 'test/check/check-lock-file.ts'] },
  { name: 'unused', command: ['knip'] },
  { name: 'format', command: ['prettier', '--check', '--cache', '--log-level=warn', '.'] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `no check is called ${unknown.join(', ')}; there are ${checks.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const failed: string[] = [];
for (const { name, command } of checks) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const [program = '', ...args] = command;
  const started = performance.now();
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error !== undefined) console.error(`${program}: ${error.message}`);
  if (status !== 0) failed.push(name);
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  );
}

if (failed.length > 0) {
  console.error(`npm run check: ${failed.join(', ')} failed`);
  process.exitCode = 1;
}
