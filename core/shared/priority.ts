/** Classes of requests that wait for a backend, the first to be served first. A rule sets them. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export function isPriority(value: unknown): value is Priority {
  return PRIORITIES.some((each) => each === value);
}
