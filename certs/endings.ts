/** What is coming to its end: somebody who closes all waits for it. */
export class Endings {
  readonly #underWay = new Set<Promise<void>>();

  add(ending: Promise<void>): void {
    this.#underWay.add(ending);
    void ending.finally(() => this.#underWay.delete(ending));
  }

  async all(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
