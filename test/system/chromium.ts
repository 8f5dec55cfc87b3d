import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';

/** Every name but this one is unknown to the browser, so that it talks to nobody outside. */
export const SITE_NAME = 'one.test';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--ignore-certificate-errors',
  `--host-resolver-rules=MAP ${SITE_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
  '--remote-debugging-port=0',
];

/** A page of a headless Chromium that a test drives over the DevTools protocol; ended when the test is. */
export class ChromiumPage {
  readonly #devTools: WebSocket;
  readonly #waiting = new Map<number, (answer: z.infer<typeof message>) => void>();
  readonly #events = new Map<string, () => void>();
  #session: string | undefined;
  #lastId = 0;

  private constructor(devTools: WebSocket) {
    this.#devTools = devTools;
    devTools.on('message', (data: Buffer) => this.#onMessage(message.parse(JSON.parse(String(data)))));
  }

  static async start(): Promise<ChromiumPage> {
    const page = new ChromiumPage(await connectTo(await startChromium()));
    const { targetId } = targetAnswer.parse(await page.#send('Target.createTarget', { url: 'about:blank' }));
    const attached = await page.#send('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionAnswer.parse(attached).sessionId;
    await page.#send('Page.enable');
    return page;
  }

  /** Opens the address and waits for its `load` event. */
  async open(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => this.#events.set('Page.loadEventFired', resolve));
    const { errorText } = navigation.parse(await this.#send('Page.navigate', { url }));
    if (errorText !== undefined) throw new Error(`Chromium did not open ${url}: ${errorText}`);
    await loaded;
  }

  /** What an expression in the page comes to, or what its promise resolves to. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const answer = evaluation.parse(await this.#send('Runtime.evaluate', options));
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  }

  #send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#lastId;
    this.#devTools.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    return new Promise((resolve, reject) =>
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
      ),
    );
  }

  #onMessage(received: z.infer<typeof message>): void {
    if (received.id !== undefined) this.#waiting.get(received.id)?.(received);
    else if (received.method !== undefined) this.#events.get(received.method)?.();
  }
}

const message = z.looseObject({
  id: z.number().optional(),
  method: z.string().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});
const targetAnswer = z.looseObject({ targetId: z.string() });
const sessionAnswer = z.looseObject({ sessionId: z.string() });
const navigation = z.looseObject({ errorText: z.string().optional() });
const evaluation = z.looseObject({
  result: z.looseObject({ value: z.unknown() }),
  exceptionDetails: z.unknown().optional(),
});

async function connectTo(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  return socket;
}

/** Returns where its DevTools listen. */
async function startChromium(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-chromium-'));
  const browser = spawn('chromium', [...flags, `--user-data-dir=${folder}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Whatever it keeps besides its profile stays in the folder, too.
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
  });
  const ended = once(browser, 'exit');
  onTestFinished(async () => {
    // Not at once: it ends its own processes first.
    browser.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const said: string[] = [];
  for await (const line of createInterface(browser.stderr)) {
    const address = /^DevTools listening on (ws:\S+)$/.exec(line)?.[1];
    if (address !== undefined) {
      browser.stderr.resume();
      return address;
    }
    said.push(line);
  }
  throw new Error(`chromium ended: ${said.join('\n')}`);
}
