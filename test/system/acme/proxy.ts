import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Pebble } from '../../support/pebble.ts';
import { poll } from '../../support/poll.ts';
import { runTidegate, TidegateProcess } from '../../support/tidegate-process.ts';

export interface ProxySettings {
  /** Beside `directory` and `caFile`, which are the CA's. */
  readonly acme?: object;
  /** More keys of `certificates`. */
  readonly certificates?: object;
  /** Keys of the https listener; `null`: there is none of plain HTTP. */
  readonly https?: object;
  readonly http?: object | null;
  readonly top?: object;
  readonly files?: Readonly<Record<string, string>>;
  readonly fails?: boolean;
  readonly within?: readonly string[];
}

/** The config of a proxy that a CA validates over loopback, as JSON. */
function proxyConfig(pebble: Pebble, settings: ProxySettings = {}): string {
  const { acme, certificates, https, http, top } = settings;
  return JSON.stringify({
    workers: 2,
    listeners: [
      ...(http === null
        ? []
        : [{ name: 'web', address: `127.0.0.1:${pebble.httpPort}`, redirectToHttps: true, ...http }]),
      { name: 'secure', protocol: 'https', address: `127.0.0.1:${pebble.tlsPort}`, ...https },
    ],
    certificates: {
      acme: { directory: pebble.directory, caFile: pebble.caFile, domains: ['example.test'], ...acme },
      ...certificates,
    },
    ...top,
  });
}

const CONFIG = 'tidegate.config.json';

/** Runs in an empty folder but for its config. */
export function runProxy(pebble: Pebble, settings: ProxySettings = {}): Promise<TidegateProcess> {
  return runTidegate({
    files: { [CONFIG]: proxyConfig(pebble, settings), ...settings.files },
    config: CONFIG,
    workers: 'real',
    ...(settings.fails === undefined ? {} : { fails: settings.fails }),
    ...(settings.within === undefined ? {} : { within: settings.within }),
  });
}

/** The same folder again, after the one before has ended. */
export async function runAgain(before: TidegateProcess): Promise<TidegateProcess> {
  await before.exited;
  const again = new TidegateProcess(before.folder, before.configFile, { files: {}, workers: 'real' });
  onTestFinished(async () => {
    again.kill('SIGKILL');
    await again.exited;
  });
  await again.line('ready');
  return again;
}

/** A handshake that verifies nothing: the certificate is looked at afterwards. */
async function shakeHands(port: number, servername: string): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** Serial number and issuer of the certificate for a name. */
export async function presented(
  port: number,
  servername: string,
): Promise<{ readonly serial: string; readonly issuer: string }> {
  const socket = await shakeHands(port, servername);
  const { serialNumber: serial, issuer } = socket.getPeerCertificate();
  socket.destroy();
  return { serial, issuer: String(issuer.CN) };
}

/** The serial number of the certificate by the CA, as soon as it is presented. */
export async function issuedSerial(port: number, servername = 'example.test'): Promise<string> {
  return poll(async () => {
    const { serial, issuer } = await presented(port, servername);
    return issuer.startsWith('Pebble') ? serial : null;
  }, 30_000);
}

/** The serial number of the certificate in the place of `before`: workers hear of it a moment after it was obtained. */
export async function renewedSerial(port: number, before: string): Promise<string> {
  return poll(async () => {
    const serial = await issuedSerial(port);
    return serial === before ? null : serial;
  });
}

/** The status of an answer over HTTP/2 on a connection that is verified against the CA's root. */
export async function statusOverHttp2(port: number, servername: string, root: string): Promise<number> {
  const session = connectHttp2(`https://${servername}:${port}`, {
    createConnection: () =>
      connectTls({ port, host: '127.0.0.1', servername, ca: root, ALPNProtocols: ['h2'] }),
  });
  const stream = session.request({ ':path': '/' });
  const [headers] = await once(stream, 'response');
  session.destroy();
  return Number(headers[':status']);
}

/** How many accounts the CA has. */
export function accountsAt(pebble: Pebble): number {
  const counts = [...pebble.log().matchAll(/There are now (\d+) accounts/g)];
  return Math.max(0, ...counts.map(([, count]) => Number(count)));
}

/** How many orders the CA took. */
export function ordersAt(pebble: Pebble): number {
  return pebble.log().match(/Added order/g)?.length ?? 0;
}
