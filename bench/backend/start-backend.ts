import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from '../process/children.ts';
import { findProgram } from '../process/find-program.ts';
import { freePort } from '../process/free-port.ts';
import { waitUntilAnswering } from '../process/wait-until-answering.ts';
import { nginxMain } from '../peers/nginx-config.ts';
import { answerIdField, cacheControl, cacheablePath } from './cacheable-answer.ts';

/** Starts the backend that answers every request with 1 KiB: nginx where it is installed, else Node. @returns its port. */
export async function startBackend(children: Children, folder: string, core: number | null): Promise<number> {
  const port = await freePort();
  const nginx = findProgram('nginx');
  const command =
    nginx === null
      ? {
          program: process.execPath,
          args: [fileURLToPath(new URL('./node-backend.ts', import.meta.url)), String(port)],
        }
      : { program: nginx, args: ['-c', await nginxBackend(path.join(folder, 'backend'), port)] };
  const child = await children.start(command, core);
  await waitUntilAnswering(child, port, 'the backend');
  return port;
}

async function nginxBackend(folder: string, port: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'nginx.conf');
  const body = 'x'.repeat(1024);
  const server = `server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type text/plain;
    location / { return 200 "${body}"; }
    location = ${cacheablePath} {
      add_header Cache-Control "${cacheControl}";
      add_header ${answerIdField} $request_id;
      return 200 "${body}";
    }
  }`;
  await writeFile(file, nginxMain(folder, server));
  return file;
}
