import { pathText, showValue } from './finding.ts';

/** Why a value cannot be written as JSON without a loss, and where in it; undefined if it can. */
export function whyNotPlain(
  value: unknown,
  path: readonly PropertyKey[] = [],
  around: readonly object[] = [],
): { readonly path: string; readonly message: string } | undefined {
  const refuse = (found: string) => ({
    path: pathText(path),
    message: `expected plain data, found ${found}`,
  });
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'undefined':
      // An absent key as far as an object goes
      return path.length === 0 ? refuse('nothing') : undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : refuse(showValue(value));
    case 'object':
      break;
    default:
      return refuse(`a ${typeof value}`);
  }
  if (value === null) return undefined;
  if (around.includes(value)) return refuse('a reference to an object around it');
  const inside = [...around, value];
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const obstacle = whyNotPlain(item, [...path, index], inside);
      if (obstacle !== undefined) return obstacle;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return refuse(
      value instanceof Promise ? 'a promise' : `an instance of ${value.constructor?.name || 'a class'}`,
    );
  }
  for (const [key, item] of Object.entries(value)) {
    const obstacle = whyNotPlain(item, [...path, key], inside);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}
