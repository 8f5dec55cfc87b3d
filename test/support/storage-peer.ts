import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { FileStorage } from '../../certs/file-storage.ts';

/**
 * Another process on a storage: `storage-peer.ts FOLDER add FILE TIMES` counts up a number in a file under a lock;
 * `… hold [HEARTBEAT_MS]`: takes the lock and says so; `… wait`: the same, and says before that it waits; `… write`: stores one big value after another without end.
 */
const [folder = '', job, file = '', times] = process.argv.slice(2);
const storage = new FileStorage(folder, { heartbeatMs: Number(file) || 100, staleMs: 1000 });
const never = new AbortController().signal;

if (job === 'add') {
  for (let turn = 0; turn < Number(times); turn += 1) {
    const release = await storage.lock('counter', never);
    const value = Number(await readFile(file, 'utf8'));
    await new Promise(setImmediate);
    await writeFile(file, String(value + 1));
    await release();
  }
} else if (job === 'hold' || job === 'wait') {
  if (job === 'wait') process.stdout.write('waiting\n');
  await storage.lock('counter', never);
  process.stdout.write('held\n');
  setInterval(() => {}, 1000);
} else {
  for (let turn = 0; ; turn += 1) {
    await storage.store('certificates/x.test/rsa-2048.pem', Buffer.alloc(300_000, 97 + (turn % 26)));
    if (turn === 0) process.stdout.write('writing\n');
    await appendFile(file, '.');
  }
}
