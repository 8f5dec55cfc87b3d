import { resolve } from 'node:path';
import type {
  HealthCheckConfig,
  HealthLogConfig,
  PassiveHealthConfig,
  ProbeConfig,
} from '../shared/health-types.ts';
import { healthCheck, healthLogDefaults, passiveHealth } from './health-schema.ts';
import type { HealthCheckFile, HealthLogFile, PassiveHealthFile } from './health-schema.ts';

const longestDefaultTimeoutMs = 2_000;
const defaultFastMs = { least: 50, most: 1_000 };

/** `given`: undefined where the file says nothing, which is a check of `defaultType`. */
export function resolveHealthCheck(
  given: HealthCheckFile | false | undefined,
  folder: string,
  defaultType: 'tcp' | 'udp',
): HealthCheckConfig | null {
  if (given === false) return null;
  const check = given ?? healthCheck.parse({ type: defaultType });
  const { interval, jitter, timeout, fastInterval, rise, fall } = check;
  const third = Math.round(interval / 3);
  return {
    probe: resolveProbe(check, folder),
    intervalMs: interval,
    jitter,
    timeoutMs: timeout ?? Math.min(interval, longestDefaultTimeoutMs),
    fastIntervalMs: fastInterval ?? Math.min(Math.max(third, defaultFastMs.least), defaultFastMs.most),
    rise,
    fall,
    port: check.port ?? null,
    sourceAddress: check.sourceAddress ?? null,
  };
}

function resolveProbe(check: HealthCheckFile, folder: string): ProbeConfig {
  const { type, method, path, headers } = check;
  const host = check.host ?? null;
  switch (type) {
    case 'http':
    case 'https':
    case 'h2':
      return {
        type,
        method,
        path,
        host,
        headers,
        statuses: check.status,
        body: check.body ?? null,
        weightField: check.weightField ?? null,
        reuse: check.reuse,
      };
    case 'websocket':
      return { type, path, host, headers };
    case 'grpc':
      return { type, host, service: check.service ?? '' };
    case 'command': {
      const [program = '', ...args] = check.command ?? [];
      return { type, command: [program.includes('/') ? resolve(folder, program) : program, ...args] };
    }
    default:
      return { type, send: check.send ?? '', expect: check.expect ?? null };
  }
}

export function resolvePassiveHealth(
  given: PassiveHealthFile | false | undefined,
): PassiveHealthConfig | null {
  if (given === false) return null;
  const { window, ejection, maxEjection, ...rest } = given ?? passiveHealth.parse({});
  return {
    ...rest,
    windowMs: window,
    ejectionMs: ejection,
    maxEjectionMs: Math.max(ejection, maxEjection),
  };
}

export function resolveHealthLog(given: HealthLogFile | boolean, folder: string): HealthLogConfig | null {
  if (given === false) return null;
  const settings = given === true ? healthLogDefaults() : given;
  return {
    folder: settings.folder === undefined ? null : resolve(folder, settings.folder),
    checks: settings.checks,
    keepMs: settings.keep,
  };
}
