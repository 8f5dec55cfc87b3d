import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const program = fileURLToPath(new URL('./handshake-client.ts', import.meta.url));

/** `certificates`: by SHA-256 fingerprint; `lastAt`: when the last handshake that showed it was begun (milliseconds since the epoch). */
const handshakesSeen = z.object({
  seconds: z.number(),
  certificates: z.record(z.string(), z.object({ count: z.number(), lastAt: z.number() })),
  errors: z.record(z.string(), z.number()),
});
type HandshakesSeen = z.infer<typeof handshakesSeen>;

export interface HandshakeLoad {
  /** Ends it, and says what all its clients have seen. `perSecond`: handshakes that succeeded. */
  readonly end: () => Promise<HandshakesSeen & { readonly perSecond: number }>;
}

/** Clients of their own processes, since one makes no 500 full handshakes a second. */
export function startHandshakes(
  port: number,
  servername: string,
  { clients, atATime }: { readonly clients: number; readonly atATime: number },
): HandshakeLoad {
  const running = Array.from({ length: clients }, () => {
    const child = spawn(process.execPath, [program, String(port), servername, String(atATime)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    return { child, output: text(child.stdout) };
  });
  return {
    end: async () => {
      for (const { child } of running) child.stdin.end();
      const seen = await Promise.all(
        running.map(async ({ output }) => handshakesSeen.parse(JSON.parse(await output))),
      );
      return together(seen);
    },
  };
}

function together(seen: readonly HandshakesSeen[]): HandshakesSeen & { readonly perSecond: number } {
  const certificates: HandshakesSeen['certificates'] = {};
  const errors: HandshakesSeen['errors'] = {};
  let perSecond = 0;
  for (const each of seen) {
    for (const [fingerprint, { count, lastAt }] of Object.entries(each.certificates)) {
      const before = certificates[fingerprint] ?? { count: 0, lastAt: 0 };
      certificates[fingerprint] = {
        count: before.count + count,
        lastAt: Math.max(before.lastAt, lastAt),
      };
      perSecond += count / each.seconds;
    }
    for (const [error, count] of Object.entries(each.errors)) errors[error] = (errors[error] ?? 0) + count;
  }
  return { seconds: Math.max(...seen.map(({ seconds }) => seconds)), certificates, errors, perSecond };
}
