// Does everything that a storage can do, with another umask: node storage-writer.ts FOLDER UMASK.
import { FileStorage } from '../../certs/file-storage.ts';

const [, , folder = '', umask = ''] = process.argv;
process.umask(Number.parseInt(umask, 8));
// Root may do everything whatever the modes are: nobody (65534) shows whether it has what it needs.
if (process.getuid?.() === 0) process.setuid?.(65_534);
const storage = new FileStorage(folder);
await storage.prepare();
await storage.store('a/b/c.pem', 'key');
await storage.store('a/b/c.pem', 'another key');
const release = await storage.lock('deep/lock', AbortSignal.timeout(5000));
await storage.store('gone/soon', '');
await storage.delete('gone/soon');
await release();
await (
  await storage.lock('deep/lock', AbortSignal.timeout(5000))
)();
if (String(await storage.load('a/b/c.pem')) !== 'another key') process.exitCode = 1;
