import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseRawHead, takeBody, type RawMessage } from './raw-message.ts';
import { RawSocket } from './raw-socket.ts';

export interface RawAnswer extends RawMessage {
  readonly status: number;
  readonly body: string;
  readonly trailers: string;
}

/** A client that sends exactly the bytes that a test tells it to. Closed when the test has finished. */
export class RawClient extends RawSocket {
  /** The next answer, 1xx included. `method` of its request: HEAD has no body. */
  async answer(method = 'GET'): Promise<RawAnswer> {
    const message = await this.answerHead();
    if (
      message.header('transfer-encoding') === null &&
      message.header('content-length') === null &&
      !isBodiless(message.status, method)
    ) {
      await this.end();
      const body = this.buffered;
      this.buffered = '';
      return { ...message, body, trailers: '' };
    }
    const { body, trailers, rest } = await this.until(
      () => takeBody(message, this.buffered, isBodiless(message.status, method)),
      'the whole answer',
    );
    this.buffered = rest;
    return { ...message, body, trailers };
  }

  /** The next answer's head alone; its body stays in `buffered`. */
  async answerHead(): Promise<RawMessage & { readonly status: number }> {
    const message = parseRawHead(await this.until(() => this.takeHead(), 'an answer'));
    return { ...message, status: Number(message.startLine.slice(9, 12)) };
  }

  async request(text: string): Promise<RawAnswer> {
    this.send(text);
    return this.answer(text.slice(0, text.indexOf(' ')));
  }
}

function isBodiless(status: number, method: string): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || status < 200;
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return new RawClient(socket);
}

/** A GET as a browser would send it, with whatever lines a test adds. */
export function get(target: string, ...lines: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: example.test', ...lines, '', ''].join('\r\n');
}

export function post(target: string, body: string, ...lines: readonly string[]): string {
  return `${[`POST ${target} HTTP/1.1`, 'Host: example.test', `Content-Length: ${body.length}`, ...lines, '', ''].join('\r\n')}${body}`;
}
