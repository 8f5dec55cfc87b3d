import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryPaths, packageFolder, typeCheck, type TypeCheckResult } from '../core/shared/type-check.ts';

const OWN_FOLDERS = ['.', '../core/'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

/**
 * Type-checks plugin modules, in which all of Node is at hand. What their project does not bring along itself, the types of
 * Node and the validator that Tidegate lends, is taken from beside Tidegate where it is there. `files`: absolute paths.
 */
export async function typeCheckPlugins(files: readonly string[]): Promise<TypeCheckResult> {
  const [first] = files;
  if (first === undefined) return { available: true, problems: [] };
  const node = findBeside('@types/node', first);
  // Without them every import of `node:` would be a problem.
  if (node === null) return { available: false, problems: [] };
  const zod = packageFolder('zod', first) === null ? findBeside('zod', first) : null;
  const { available, problems } = await typeCheck(files, {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      typeRoots: [dirname(node)],
      types: ['node'],
      paths: { ...entryPaths(), ...(zod === null ? {} : { zod: [zod] }) },
    },
  });
  // Our own sources are checked with our own settings, those of packages by their authors.
  return {
    available,
    problems: problems.filter(
      ({ file }) =>
        !OWN_FOLDERS.some((folder) => file.startsWith(folder)) && !file.includes(`${sep}node_modules${sep}`),
    ),
  };
}

function findBeside(name: string, file: string): string | null {
  return packageFolder(name, file) ?? packageFolder(name, fileURLToPath(import.meta.url));
}
