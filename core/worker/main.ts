import { openPrimaryChannel } from '../ipc/channel.ts';
import { Logs } from './logs.ts';
import { Worker } from './worker.ts';

// The primary handles the terminal's and the service manager's signals and tells its workers what to do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});

const worker = new Worker(openPrimaryChannel(), new Logs({ level: 'info', file: null, access: null }));
// What nobody caught has left something half-done: the primary puts a fresh worker in this one's place.
process.on('uncaughtException', (error) => worker.die(error));
worker.start();
