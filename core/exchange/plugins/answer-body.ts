import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { PluginResponse } from '../../../plugins/contract/exchange.ts';
import type { BodyStream } from '../../../plugins/contract/message.ts';
import { ProxyError } from '../../shared/errors.ts';
import type { HeaderList } from '../headers.ts';
import { BodyLength } from './body-length.ts';
import { BodyPipe, type PipeOwner } from './body-pipe.ts';
import type { BodyPlan } from './body-plan.ts';
import { BodyPump } from './body-pump.ts';
import type { BodySink } from './body-sink.ts';
import { CodingError } from './coding-error.ts';
import type { ExchangePlugins } from './exchange-plugins.ts';
import { bodyFailed } from './plugin-fault.ts';
import type { AnswerOwner } from './way-out.ts';

/** The body of an answer whose head is on its way: from the backend or a plugin, through the transforms, to the client. */
export class AnswerBody implements BodySink, PipeOwner {
  readonly #plugins: ExchangePlugins;
  readonly #owner: AnswerOwner;
  readonly #pipe: BodyPipe | null;
  readonly #from: PluginResponse['from'];
  /** Who has answered; null: no plugin. */
  readonly #answerer: PluginInstance | null;
  /** Who has the last word on the body's length. */
  readonly #instance: PluginInstance | null;
  #pump: BodyPump | null = null;
  #trailers: HeaderList | null = null;
  readonly #length: BodyLength;
  #isClosed = false;

  constructor(
    plugins: ExchangePlugins,
    owner: AnswerOwner,
    { stations, framing }: BodyPlan,
    from: PluginResponse['from'],
    answerer: PluginInstance | null,
  ) {
    this.#plugins = plugins;
    this.#owner = owner;
    this.#from = from;
    this.#answerer = answerer;
    this.#instance = stations.at(-1)?.instance ?? answerer;
    this.#length = new BodyLength(framing);
    const last: BodySink = {
      write: (piece) => this.#give(piece),
      flush: () => owner.client.flush(),
      end: () => this.#finish(),
    };
    this.#pipe = stations.length === 0 ? null : new BodyPipe(stations, last, this, plugins.patienceMs);
  }

  /** All of it, or what a stream gives. */
  send(body: Buffer | BodyStream | null): void {
    if (body === null || Buffer.isBuffer(body)) {
      if (body !== null && body.length > 0) this.write(body);
      return this.end();
    }
    this.#pump = new BodyPump(body, this, (error) => this.#fail(this.#answerer, error));
    this.#pump.start();
  }

  write(piece: Buffer): boolean {
    if (this.#isClosed) return true;
    return this.#pipe === null ? this.#give(piece) : this.#pipe.write(piece);
  }

  flush(): void {
    if (this.#isClosed) return;
    if (this.#pipe === null) this.#owner.client.flush();
    else this.#pipe.flush();
  }

  end(trailers: HeaderList | null = null): void {
    if (this.#isClosed) return;
    this.#trailers = trailers;
    if (this.#pipe === null) this.#finish();
    else this.#pipe.end();
  }

  #give(piece: Buffer): boolean {
    const wrong = this.#length.take(piece.length);
    if (wrong !== null) {
      this.#fail(this.#instance, wrong);
      return true;
    }
    this.#plugins.exchange.responseBytes += piece.length;
    return this.#owner.client.sendData(piece);
  }

  #finish(): void {
    const wrong = this.#length.end();
    if (wrong !== null) this.#fail(this.#instance, wrong);
    else this.#owner.sendEnd(this.#trailers);
  }

  onClientWritable(): void {
    if (this.#pipe === null) this.onPipeWritable();
    else this.#pipe.resume();
  }

  onPipeWritable(): void {
    if (this.#pump === null) this.#plugins.exchange.attempt?.resume();
    else this.#pump.resume();
  }

  onPipeFailed(instance: PluginInstance, error: unknown): void {
    this.#fail(instance, error);
  }

  #fail(instance: PluginInstance | null, error: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#owner.cutOff(this.#faultOf(instance, error));
  }

  /** What can not be decoded is the doing of who has answered. */
  #faultOf(instance: PluginInstance | null, error: unknown): ProxyError {
    if (!(error instanceof CodingError)) return bodyFailed(instance, 'responseBody', error);
    return this.#from === 'backend'
      ? new ProxyError('response-malformed', 'backend', error.message)
      : bodyFailed(this.#answerer, 'responseBody', error);
  }

  /** The exchange is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pipe?.close();
    this.#pump?.close();
  }
}
