import { z } from 'zod';

const fakeAnswer = z.object({
  version: z.number(),
  pid: z.number(),
  uid: z.number(),
  gid: z.number(),
  groups: z.array(z.number()),
  rules: z.string(),
});

/** What a worker of fake-worker.ts says of itself. A new connection each time, so that any worker may answer. */
export async function askFake(url: string, path = '/'): Promise<z.infer<typeof fakeAnswer>> {
  const response = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
  return fakeAnswer.parse(await response.json());
}
