import { globSync, readFileSync } from 'node:fs';
import { posix, sep } from 'node:path';
import { parseSync } from 'oxc-parser';
import type { Import } from './import-rules.ts';

const sources = ['{core,rules,plugins,certs,test,bench,examples,.ci}/**/*.ts', '*.ts'];

/** Every import, re-export and literal `import()` of the repository's TypeScript files. `root`: a directory. */
export function readImports(root: string): Import[] {
  const files = globSync(sources, {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name.endsWith('-template'),
  });
  return files.flatMap((file) => {
    const path = file.split(sep).join('/');
    return importsOf(path, readFileSync(`${root}/${file}`, 'utf8'));
  });
}

/** `file`: path relative to the repository, with `/`. Files with syntax errors are the type checker's to report. */
export function importsOf(file: string, source: string): Import[] {
  const { module } = parseSync(file, source);
  const requests = [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({
      ...moduleRequest,
      typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
    })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest === null ? [] : [{ ...moduleRequest, typeOnly: isType }],
      ),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
      const value = /^(['"])(?<value>[^'"]*)\1$/.exec(source.slice(start, end))?.groups?.['value'];
      return value === undefined ? [] : [{ value, start, typeOnly: false }];
    }),
  ];
  return requests.map(({ value, start, typeOnly }) => ({
    from: file,
    line: source.slice(0, start).split('\n').length,
    specifier: value,
    typeOnly,
    to: value.startsWith('.') ? posix.join(posix.dirname(file), value) : null,
  }));
}
