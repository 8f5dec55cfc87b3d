/** What plugins say of a request, by name: claims of a token, for one. */
export interface Variables {
  /** null: none has set it. */
  get(name: string): string | number | boolean | null;
}

type Values = Readonly<Record<string, string | number | boolean>>;

const { hasOwn } = Object;
/** The host wrote it, so it is what it says. */
const parseValues: (json: string) => Values = JSON.parse;

/** Of JSON, or of nothing. */
export class ParsedVariables implements Variables {
  readonly #text: string;
  #values: Values | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  get(name: string): string | number | boolean | null {
    if (this.#text === '') return null;
    const values = (this.#values ??= parseValues(this.#text));
    return hasOwn(values, name) ? (values[name] ?? null) : null;
  }
}
