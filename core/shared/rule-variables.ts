export type VariableValue = string | number | boolean;

/** Of one exchange. They cross into the sandbox with it, as part of one string. */
const MOST = 64;
/** Of names and values together. */
const MOST_CHARACTERS = 16 * 1024;

/** What plugins tell the rule script of an exchange, by name. */
export class RuleVariables {
  readonly #values = new Map<string, VariableValue>();
  #characters = 0;
  #text: string | null = null;

  /** Throws a TypeError for what is no name or value, a RangeError where there are too many or they are too long. */
  set(name: string, value: VariableValue): void {
    if (typeof name !== 'string' || name === '') throw new TypeError('the name of a variable is a text');
    if (typeof value !== 'string' && typeof value !== 'boolean' && !Number.isFinite(value))
      throw new TypeError(`the variable ${JSON.stringify(name)} is a string, a finite number or a boolean`);
    const before = this.#values.get(name);
    const characters =
      this.#characters + lengthOf(name, value) - (before === undefined ? 0 : lengthOf(name, before));
    if (before === undefined && this.#values.size === MOST)
      throw new RangeError(`an exchange has at most ${MOST} variables`);
    if (characters > MOST_CHARACTERS)
      throw new RangeError(
        `the variables of an exchange have at most ${MOST_CHARACTERS} characters, with their names`,
      );
    this.#values.set(name, value);
    this.#characters = characters;
    this.#text = null;
  }

  /** JSON in ASCII without control characters; empty for none. */
  get text(): string {
    if (this.#values.size === 0) return '';
    // One character beyond latin1 would double the size of all requests that cross with this one.
    return (this.#text ??= JSON.stringify(Object.fromEntries(this.#values)).replaceAll(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ));
  }
}

function lengthOf(name: string, value: VariableValue): number {
  return name.length + String(value).length;
}
