import type { AcmeIssuerConfig, OrderConfig } from '../core/shared/certificates-config.ts';
import type { Issuer } from './issuer.ts';

/** Those with the same terms share one issuer, with its connections and what it knows of the CA. */
export class Issuers {
  readonly #make: (config: AcmeIssuerConfig, order: OrderConfig) => Issuer;
  #issuers = new Map<string, Issuer>();

  constructor(make: (config: AcmeIssuerConfig, order: OrderConfig) => Issuer) {
    this.#make = make;
  }

  get(config: AcmeIssuerConfig, order: OrderConfig): Issuer {
    const key = keyOf(config, order);
    const issuer = this.#issuers.get(key) ?? this.#make(config, order);
    this.#issuers.set(key, issuer);
    return issuer;
  }

  /** Forgets those of other orders. */
  keep(orders: readonly OrderConfig[]): void {
    const kept = new Set(orders.flatMap((order) => order.issuers.map((config) => keyOf(config, order))));
    this.#issuers = new Map([...this.#issuers].filter(([key]) => kept.has(key)));
  }
}

function keyOf(config: AcmeIssuerConfig, { dns }: OrderConfig): string {
  return JSON.stringify([config, dns]);
}
