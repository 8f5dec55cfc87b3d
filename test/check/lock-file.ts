import { z } from 'zod';

/** The part of an entry of package-lock.json's `packages` that matters here. The key is the folder. */
export const lockedPackage = z.object({
  optionalDependencies: z.record(z.string(), z.string()).optional(),
  resolved: z.string().optional(),
  dev: z.boolean().optional(),
});

interface MissingPackage {
  readonly version: string;
  readonly dev?: true;
  readonly optional: true;
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
}

type Packages = Readonly<Record<string, z.infer<typeof lockedPackage>>>;

const platform =
  /(?<os>aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(?<cpu>arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)(?:-(?:(?<musl>musl)|(?<glibc>gnu))?\w*)?$/;

/**
 * The entries that a lock file lacks. A registry mirror may not carry the binary packages of every
 * platform; `npm install` then leaves them out of the lock file, and `npm ci` refuses that file
 * everywhere. Such an entry needs the version and the platform, which the package's name tells;
 * the integrity comes from the registry where the package is installed.
 */
export function completeLock(packages: Packages): Record<string, MissingPackage> {
  const missing: Record<string, MissingPackage> = {};
  for (const [folder, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const found = [`node_modules/${name}`, `${folder}/node_modules/${name}`].some(
        (path) => path in packages,
      );
      const { os, cpu, musl, glibc } = platform.exec(name)?.groups ?? {};
      if (found || os === undefined || cpu === undefined) continue;
      missing[`node_modules/${name}`] = {
        version,
        ...(dev === true && { dev }),
        optional: true,
        os: [os],
        cpu: [cpu],
        ...(os === 'linux' &&
          (musl ?? glibc) !== undefined && { libc: [musl === undefined ? 'glibc' : 'musl'] }),
      };
    }
  }
  return missing;
}

/** Hosts of the addresses in a lock file: there should be none, so that each clone uses its own registry. */
export function hostsNamed(packages: Packages): string[] {
  const hosts = Object.values(packages).flatMap(({ resolved }) =>
    resolved !== undefined && URL.canParse(resolved) ? [new URL(resolved).host] : [],
  );
  return [...new Set(hosts)];
}
