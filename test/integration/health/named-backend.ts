import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { onTestFinished } from 'vitest';

/** Says its name, on a port that it can leave and come back to. */
export class NamedBackend {
  readonly name: string;
  port = 0;
  #server: Server;

  constructor(name: string) {
    this.name = name;
    this.#server = this.#create();
    onTestFinished(() => this.leave());
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async come(): Promise<this> {
    this.#server = this.#create();
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.port = address.port;
    return this;
  }

  leave(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #create(): Server {
    return createServer((_, response) => response.end(this.name));
  }
}
