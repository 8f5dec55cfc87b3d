import { workerData } from 'node:worker_threads';

/**
 * The thread beside a config that is evaluated: ends the process when the one that started it is gone. The main
 * thread would not hear of that in an endless loop. `workerData`: the pid of that process.
 */
const pollMs = 200;

setInterval(() => {
  // An orphan gets another parent at once.
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, pollMs);
