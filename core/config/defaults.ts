/** Every default of the config, written as a user would write it. */
export const DEFAULTS = {
  protocol: 'http',
  listenerTimeouts: { header: '10s', body: '30s', idle: '60s', write: '60s' },
  limits: {
    head: '32KiB',
    headers: 100,
    target: '8KiB',
    body: 'none',
    connections: 20_000,
    connectionsPerClient: 'none',
  },
  rules: { timeLimit: '10ms', memoryLimit: '32MiB', onError: 'deny' },
  scheduler: 'round-robin',
  weight: 1,
  upstreamTimeouts: { connect: '5s', response: '60s', idle: '60s' },
  upstreamLimits: { head: '64KiB', headers: 200 },
  attempts: 2,
  connections: { max: 'none', maxIdle: 256 },
  workers: 'auto',
  shutdownTimeout: '30s',
  logLevel: 'info',
  accessFormat: 'json',
} as const;
