/** Whether a hook has given something to wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** For the hooks that nobody waits for: an `async` function satisfies their types. @throws TypeError for a promise */
export function expectNoPromise(value: unknown): void {
  if (!isPromise(value)) return;
  value.then(undefined, () => {});
  throw new TypeError('this hook can not be asynchronous');
}
