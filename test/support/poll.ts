/** Asks again until `check` gives something, at most for `timeoutMs`; then fails with the last reason why not. */
export async function poll<T>(
  check: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let reason: unknown = null;
  for (;;) {
    try {
      const result = await check();
      if (result !== null && result !== undefined && result !== false) return result;
    } catch (error) {
      reason = error;
    }
    if (Date.now() > end) throw new Error(`this did not come true within ${timeoutMs} ms`, { cause: reason });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
