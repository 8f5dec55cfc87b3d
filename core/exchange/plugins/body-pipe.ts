import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { BodyTransform } from '../../../plugins/contract/message.ts';
import type { BodySink, BodyStation } from './body-sink.ts';
import { CodecStation } from './codec-station.ts';
import type { Coding } from './codings.ts';
import { TransformStation } from './transform-station.ts';

/** A station to be. `instance`: whose failure it is when it fails. */
export type StationPlan =
  | { readonly kind: 'transform'; readonly instance: PluginInstance; readonly transform: BodyTransform }
  | { readonly kind: 'decode' | 'encode'; readonly instance: PluginInstance; readonly coding: Coding };

export interface PipeOwner {
  /** More may be written again. */
  onPipeWritable(): void;
  /** Nothing more will come out. */
  onPipeFailed(instance: PluginInstance, error: unknown): void;
}

/** A body's way through the transforms of plugins, one behind the other. What goes in at one end comes out at the other, in order, and each side waits for the other. */
export class BodyPipe implements BodySink {
  readonly #owner: PipeOwner;
  readonly #stations: BodyStation[] = [];
  readonly #first: BodySink;
  #closed = false;

  /** `plans`: in the order of the body's way, at least one. `last`: where it leaves. */
  constructor(plans: readonly StationPlan[], last: BodySink, owner: PipeOwner, patienceMs: number) {
    this.#owner = owner;
    let next = last;
    for (const plan of plans.toReversed()) {
      const station = this.#station(plan, next, patienceMs);
      this.#stations.unshift(station);
      next = station;
    }
    this.#first = next;
  }

  #station(plan: StationPlan, next: BodySink, patienceMs: number): BodyStation {
    const around = {
      next,
      onWritable: (): void => this.#onWritable(station),
      onFailed: (error: unknown): void => this.#fail(plan.instance, error),
    };
    const station: BodyStation =
      plan.kind === 'transform'
        ? new TransformStation(plan.transform, around, patienceMs)
        : new CodecStation(plan.coding, plan.kind === 'decode', around);
    return station;
  }

  write(piece: Buffer): boolean {
    return this.#first.write(piece);
  }

  flush(): void {
    this.#first.flush();
  }

  end(): void {
    this.#first.end();
  }

  /** Where the body leaves takes more again. */
  resume(): void {
    this.#stations.at(-1)?.resume();
  }

  /** Nothing of it is wanted any more. */
  close(): void {
    this.#closed = true;
    for (const station of this.#stations) station.close();
  }

  #onWritable(station: BodyStation): void {
    if (this.#closed) return;
    const before = this.#stations[this.#stations.indexOf(station) - 1];
    if (before === undefined) this.#owner.onPipeWritable();
    else before.resume();
  }

  #fail(instance: PluginInstance, error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#owner.onPipeFailed(instance, error);
  }
}
