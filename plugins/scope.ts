import type { PluginContext } from './contract/context.ts';

/** What a snapshot has for the plugins in it. */
export interface PluginScope {
  readonly workers: number;
  readonly request: PluginContext['request'];
  readonly services: Services;
}

/** The services that plugins of one snapshot offer each other. */
export class Services {
  readonly #offers: { readonly name: string; readonly attachedTo: string; readonly service: unknown }[] = [];

  /** In the order of the config. */
  offer(attachedTo: string, services: Readonly<Record<string, unknown>> | undefined): void {
    for (const [name, service] of Object.entries(services ?? {}))
      this.#offers.push({ name, attachedTo, service });
  }

  /** What is offered at the same place, else by the first of all. */
  find(name: string, attachedTo: string): unknown {
    const offers = this.#offers.filter((offer) => offer.name === name);
    return (offers.find((offer) => offer.attachedTo === attachedTo) ?? offers[0])?.service;
  }
}
