import { expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { ConfigInput } from '../../../core/config/config-input.ts';
import type { configSchema } from '../../../core/config/schema.ts';

type Accepted = DeepReadonly<z.input<typeof configSchema>>;

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The keys of an object and of all objects in it, as paths. */
type Paths<T> = T extends readonly (infer Item)[]
  ? Paths<Item>
  : T extends object
    ? { [Key in keyof T & string]: Key | `${Key}.${Paths<NonNullable<T[Key]>>}` }[keyof T & string]
    : never;

// Checked by the compiler; at run time there is nothing to see.
test('defineConfig takes what the schema takes', () => {
  expectTypeOf<ConfigInput>().toExtend<Accepted>();
  expectTypeOf<Paths<ConfigInput>>().toEqualTypeOf<Paths<Accepted>>();
});
