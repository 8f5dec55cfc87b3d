/**
 * Who may import whom. The first part whose pattern matches a file is the file's part; everything
 * may import its own part and, but for the built-in plugins, `shared`. Type imports count too: they are dependencies of the reader.
 */
interface Part {
  readonly name: string;
  readonly files: RegExp;
  /** Names of other parts. */
  readonly mayImport: readonly string[];
  /** Packages and `node:` modules that this part must do without, and why. */
  readonly without?: { readonly modules: RegExp; readonly why: string };
}

export interface Import {
  /** Path of the importing file, relative to the repository, with `/`. */
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  /** Erased before it runs. */
  readonly typeOnly: boolean;
  /** Path of the imported file, or null for a package or a built-in module. */
  readonly to: string | null;
}

const dataPlane = [
  'upstreams',
  'http1',
  'http2',
  'fields',
  'messages',
  'forward',
  'exchange',
  'layer4',
  'listeners',
];
const inSandbox = { modules: /^node:/, why: 'it runs inside the isolate, where nothing of Node exists' };

const parts: readonly Part[] = [
  { name: 'shared', files: /^core\/shared\//, mayImport: [] },
  { name: 'ipc', files: /^core\/ipc\//, mayImport: [] },
  { name: 'config', files: /^core\/config\//, mayImport: [] },
  // What the primary, which probes backends, and the workers have to see in the same way.
  { name: 'health', files: /^core\/upstreams\/(health|backend-rows)\.ts$/, mayImport: [] },
  { name: 'upstreams', files: /^core\/upstreams\//, mayImport: ['health'] },
  // The vocabulary of a message (header list, the shapes of streams), which parser and pipeline share.
  { name: 'messages', files: /^core\/exchange\/(headers|streams)\.ts$/, mayImport: [] },
  // The grammar of fields and targets, which every version of HTTP shares.
  {
    name: 'fields',
    files: /^core\/http1\/(characters|parse-fields|request-target|trailer-fields)\.ts$/,
    mayImport: ['messages'],
  },
  // What connections to backends have in common, whatever is spoken on them.
  {
    name: 'backend sockets',
    files: /^core\/http1\/(backend-failures|backend-tls|open-socket)\.ts$/,
    mayImport: [],
  },
  { name: 'http1', files: /^core\/http1\//, mayImport: ['messages', 'fields', 'backend sockets'] },
  { name: 'http2', files: /^core\/http2\//, mayImport: ['messages', 'fields', 'backend sockets'] },
  {
    name: 'forward',
    files: /^core\/forward\//,
    mayImport: ['upstreams', 'http1', 'http2', 'messages', 'backend sockets'],
  },
  {
    name: 'exchange',
    files: /^core\/exchange\//,
    mayImport: ['forward', 'upstreams', 'health', 'http1', 'fields', 'messages', 'plugin api'],
  },
  // What `exchange` is for requests, for connections and sessions of which nothing but bytes is known.
  {
    name: 'layer4',
    files: /^core\/layer4\//,
    mayImport: ['forward', 'upstreams', 'health', 'backend sockets', 'plugin api'],
  },
  {
    name: 'listeners',
    files: /^core\/listeners\//,
    mayImport: ['exchange', 'layer4', 'http1', 'http2', 'messages', 'plugin api'],
  },
  { name: 'rule runtime', files: /^rules\/(runtime\/|api\.ts$)/, mayImport: [], without: inSandbox },
  { name: 'rule compiler', files: /^rules\/(compile|type-check)\.ts$/, mayImport: ['rules', 'rule runtime'] },
  { name: 'rules', files: /^rules\//, mayImport: ['rule runtime', 'rule compiler'] },
  { name: 'built-in plugins', files: /^plugins\/builtin\//, mayImport: ['plugin api'] },
  { name: 'plugin api', files: /^plugins\/(api\.ts$|contract\/)/, mayImport: [] },
  { name: 'plugin compiler', files: /^plugins\/(compile|resolve-imports|type-check)\.ts$/, mayImport: [] },
  {
    // For users' tests too: it stands for the data path, and has to do without it.
    name: 'plugin testing',
    files: /^plugins\/testing(\.ts$|\/)/,
    mayImport: ['plugin api'],
  },
  { name: 'plugins', files: /^plugins\//, mayImport: ['plugin api', 'built-in plugins'] },
  { name: 'certs', files: /^certs\//, mayImport: [] },
  {
    name: 'worker',
    files: /^core\/worker\//,
    mayImport: [...dataPlane, 'ipc', 'rules', 'plugins', 'plugin api'],
  },
  // A rule script of our own, which the primary compiles and never runs.
  { name: 'stand-in rule', files: /^core\/primary\/deny-everything\.ts$/, mayImport: ['rule runtime'] },
  {
    name: 'primary',
    files: /^core\/(primary|admin)\//,
    // http1: health checks read answers as strictly as the data path does.
    mayImport: ['config', 'ipc', 'rule compiler', 'plugin compiler', 'certs', 'health', 'http1'],
  },
  { name: 'start', files: /^core\/(start|running-tidegate)\.ts$/, mayImport: ['primary', 'config', 'ipc'] },
  {
    name: 'command line',
    files: /^core\/cli\//,
    mayImport: [
      'primary',
      'config',
      'ipc',
      'rules',
      'rule compiler',
      'rule runtime',
      'plugins',
      'plugin compiler',
      'upstreams',
      'http1',
      'messages',
      'exchange',
      'layer4',
      'certs',
      'start',
      'public',
    ],
  },
  { name: 'public', files: /^core\/index\.ts$/, mayImport: ['config', 'start'] },
  { name: 'public testing', files: /^core\/testing\.ts$/, mayImport: ['rules', 'plugin testing'] },
  { name: 'outside', files: /^(test|bench|examples|\.ci)\/|^[^/]+\.ts$/, mayImport: [] },
];

const onlyImporters: readonly { readonly module: string; readonly files: RegExp }[] = [
  { module: 'isolated-vm', files: /^rules\/isolate\.ts$/ },
];

function partOf(file: string): Part | undefined {
  return parts.find((part) => part.files.test(file));
}

/** Every forbidden import, as `file:line: what is wrong`. */
export function findViolations(imports: readonly Import[]): string[] {
  return imports.flatMap((edge) => {
    const problem = explain(edge);
    return problem === null ? [] : [`${edge.from}:${edge.line}: ${problem}`];
  });
}

function explain({ from, specifier, to }: Import): string | null {
  const importer = partOf(from);
  if (importer === undefined) return 'belongs to no part: add its folder to test/check/import-rules.ts';
  if (importer.name === 'outside') return null;

  if (to === null) {
    if (/^tidegate(\/|$)/.test(specifier))
      return `imports '${specifier}': inside the product use a relative path`;
    if (importer.without?.modules.test(specifier)) {
      return `${importer.name} must not import '${specifier}': ${importer.without.why}`;
    }
    const rule = onlyImporters.find(({ module, files }) => module === specifier && !files.test(from));
    return rule === undefined ? null : `only ${rule.files.source} may import '${specifier}'`;
  }

  const imported = partOf(to);
  if (imported === undefined) return `imports ${to}, which belongs to no part`;
  const allowed =
    importer.name === 'built-in plugins' ? importer.mayImport : ['shared', ...importer.mayImport];
  if (imported === importer || allowed.includes(imported.name)) return null;
  return `${importer.name} must not import ${imported.name} (${to}); it may import: ${allowed.join(', ') || 'nothing else'}`;
}

/** Every cycle of imports that exist at run time, once, as `a.ts → b.ts → a.ts`. */
export function findCycles(imports: readonly Import[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, typeOnly } of imports) {
    if (to !== null && !typeOnly) next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at !== -1) {
      cycles.push([...path.slice(at), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const imported of next.get(file) ?? []) visit(imported);
    path.pop();
    done.add(file);
  };
  for (const file of [...next.keys()].toSorted()) visit(file);
  return cycles;
}
