import type { BodyHook } from '../../../plugins/contract/message.ts';
import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { ProxyError } from '../../shared/errors.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../headers.ts';
import { hasBody, type BodyConsumer, type ClientStream } from '../streams.ts';
import { BodyLength } from './body-length.ts';
import { BodyPipe, type PipeOwner } from './body-pipe.ts';
import { BodyPlan } from './body-plan.ts';
import { CodingError, requestFault } from './coding-error.ts';
import type { BodySink } from './body-sink.ts';
import { codingsOf } from './codings.ts';
import { bodyFailed, closeUnused, hookFailed, restOf } from './plugin-fault.ts';

/** Where a request's body comes from, and is held back. */
export type BodySource = Pick<ClientStream, 'readBody' | 'pauseBody' | 'resumeBody'>;

/** Who hears of what befalls the body before it is transformed. */
export interface ReceivedBodyOwner {
  /** @returns false when it is too large and the exchange is over */
  onReceived(bytes: number): boolean;
  onFailed(error: ProxyError): void;
}

/** Calls the `requestBody` hooks of the places that the request has come to since this was called last. @returns their transforms, or why it has failed */
export function prepareRequestBody(exchange: Exchange): PluginRequestBody | ProxyError | null {
  const { plugins, request } = exchange;
  if (plugins === null || !hasBody(request.framing)) return null;
  const stages = plugins.stages.slice(plugins.stagesAsked);
  plugins.stagesAsked = plugins.stages.length;
  const plan = new BodyPlan(request.headers, request.framing);
  let fault: ProxyError | null = null;
  for (const { chain } of stages)
    for (const instance of chain.requestBody ?? []) {
      fault = callHook(exchange, instance, plan);
      if (fault !== null || exchange.finished || plugins.out !== null) {
        closeAll(plan);
        return fault;
      }
    }
  if (plan.stations.length === 0) return null;
  plan.finish();
  exchange.request = { ...request, framing: plan.framing };
  const body = new PluginRequestBody(plan, plugins.patienceMs);
  plugins.requestBodies.push(body);
  return body;
}

function callHook(exchange: Exchange, instance: PluginInstance, plan: BodyPlan): ProxyError | null {
  const rest = restOf(instance, 'requestBody');
  if (rest !== 'call' || exchange.plugins === null) return rest === 'call' ? null : rest;
  const before = codingsOf(exchange.request.headers);
  instance.calls.requestBody += 1;
  let hook: BodyHook | null = null;
  try {
    hook = instance.hooks.requestBody?.(exchange.plugins.view) ?? null;
    if (hook !== null) plan.add(instance, hook, before);
    return null;
  } catch (error) {
    closeUnused(instance, 'requestBody', hook?.transform);
    const fault = hookFailed(instance, 'requestBody', error);
    return fault !== null && error instanceof CodingError ? requestFault(error) : fault;
  }
}

function closeAll({ stations }: BodyPlan): void {
  for (const station of stations)
    if (station.kind === 'transform') closeUnused(station.instance, 'requestBody', station.transform);
}

/** A request's body on its way through transforms: received at one end, given to whoever sends it at the other. */
export class PluginRequestBody implements BodySource, BodyConsumer, PipeOwner {
  readonly #pipe: BodyPipe;
  #client: BodySource | null = null;
  #owner: ReceivedBodyOwner | null = null;
  #consumer: BodyConsumer | null = null;
  /** Whether who takes it has asked to wait. */
  #isFull = false;
  readonly #length: BodyLength;
  #trailers: HeaderList | null = null;
  readonly #instance: PluginInstance | null;
  #closed = false;

  constructor({ stations, framing }: BodyPlan, patienceMs: number) {
    this.#length = new BodyLength(framing);
    this.#instance = stations.at(-1)?.instance ?? null;
    const last: BodySink = {
      write: (piece) => this.#give(piece),
      flush: () => this.#consumer?.onBodyPause(),
      end: () => this.#finish(),
    };
    this.#pipe = new BodyPipe(stations, last, this, patienceMs);
  }

  /** Puts it between the client and who sends the body. */
  connect(client: BodySource, owner: ReceivedBodyOwner): void {
    this.#client = client;
    this.#owner = owner;
  }

  // --- for who sends it ----------------------------------------------------------------------

  readBody(consumer: BodyConsumer): void {
    this.#consumer = consumer;
    this.#client?.readBody(this);
  }

  pauseBody(): void {
    this.#isFull = true;
  }

  resumeBody(): void {
    this.#isFull = false;
    this.#pipe.resume();
  }

  // --- from the client -----------------------------------------------------------------------

  onBodyData(piece: Buffer): void {
    if (this.#closed || this.#owner?.onReceived(piece.length) !== true) return;
    if (!this.#pipe.write(piece)) this.#client?.pauseBody();
  }

  onBodyPause(): void {
    if (!this.#closed) this.#pipe.flush();
  }

  onBodyEnd(trailers: HeaderList | null): void {
    this.#trailers = trailers;
    if (!this.#closed) this.#pipe.end();
  }

  onBodyError(error: ProxyError): void {
    if (!this.#closed) this.#owner?.onFailed(error);
  }

  // --- through the pipe ----------------------------------------------------------------------

  onPipeWritable(): void {
    this.#client?.resumeBody();
  }

  onPipeFailed(instance: PluginInstance, error: unknown): void {
    this.#fail(instance, error);
  }

  #give(piece: Buffer): boolean {
    const wrong = this.#length.take(piece.length);
    if (wrong !== null) {
      this.#fail(this.#instance, wrong);
      return true;
    }
    this.#consumer?.onBodyData(piece);
    return !this.#isFull;
  }

  #finish(): void {
    const wrong = this.#length.end();
    if (wrong !== null) this.#fail(this.#instance, wrong);
    else this.#consumer?.onBodyEnd(this.#trailers);
  }

  #fail(instance: PluginInstance | null, error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#owner?.onFailed(
      error instanceof CodingError ? requestFault(error) : bodyFailed(instance, 'requestBody', error),
    );
  }

  /** Nobody wants it any more. */
  close(): void {
    this.#closed = true;
    this.#pipe.close();
  }
}
