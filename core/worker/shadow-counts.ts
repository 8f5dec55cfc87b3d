import { ShadowCounts } from '../exchange/shadow/shadow-rules.ts';

/** The counts of each listener's shadow script: they outlive reloads that keep both it and the script that serves. */
export class ShadowCountsByListener {
  readonly #all = new Map<string, { readonly scripts: string; readonly counts: ShadowCounts }>();

  /** `scripts`: what is compared. */
  of(listener: string, scripts: string): ShadowCounts {
    const known = this.#all.get(listener);
    if (known?.scripts === scripts) return known.counts;
    const counts = new ShadowCounts();
    this.#all.set(listener, { scripts, counts });
    return counts;
  }
}
