import { fileURLToPath } from 'node:url';
import { findCycles, findViolations } from './import-rules.ts';
import { readImports } from './read-imports.ts';

const imports = readImports(fileURLToPath(new URL('../..', import.meta.url)));
const problems = [
  ...findViolations(imports),
  ...findCycles(imports).map((cycle) => `import cycle: ${cycle}`),
];

for (const problem of problems) console.error(problem);
console.log(`${imports.length} imports, ${problems.length} against the rules`);
process.exitCode = problems.length === 0 ? 0 : 1;
