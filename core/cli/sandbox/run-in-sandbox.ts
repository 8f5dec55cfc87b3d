import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { moduleUrl } from '../../shared/module-url.ts';
import type { SandboxJob, SandboxReply } from './messages.ts';

const timeoutMs = 20_000;

/** Does one job in a process of its own: isolates need Node without its start-up snapshot, and a script may take its process down with it. */
export async function runInSandbox(job: SandboxJob): Promise<SandboxReply> {
  const child = fork(fileURLToPath(moduleUrl(import.meta.url, 'sandbox-child')), [], {
    execArgv: ['--no-node-snapshot'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    return await new Promise<SandboxReply>((resolve) => {
      // The child is our own module: its messages are what messages.ts says.
      child.once('message', (reply: SandboxReply) => resolve(reply));
      child.once('close', (code, signal) => resolve(died(job, signal ?? `exit status ${code}`, errors)));
      child.send(job, () => undefined);
    });
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

function died(job: SandboxJob, how: string, errors: string): SandboxReply {
  const reason = errors.trim().split('\n')[0] ?? '';
  const message = `the process that ran the script died (${how})${reason === '' ? '' : `: ${reason}`}`;
  return { type: 'problems', problems: [{ file: job.bundle.script, message }] };
}
