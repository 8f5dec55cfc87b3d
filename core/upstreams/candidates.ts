/** What decides whether a backend is given requests. */
export interface Standing {
  /** The row of the config that it comes from. */
  readonly rowText: string;
  /** The row in whose place it takes requests while that one takes none; null: it has a place of its own. */
  readonly backupFor: string | null;
  /** Its group; the lowest number is used first. */
  readonly priority: number;
  /** State ready, a weight above 0, health up, circuit not open. */
  readonly takesRequests: boolean;
  /** Left out for a while, for how it answered. */
  readonly isEjected: boolean;
}

export interface CandidatePolicy {
  /** With fewer in the groups in use, the next group is used besides. */
  readonly minAvailable: number;
  /** With a larger share of them ejected, ejections do not count: too many of them say more of the network than of the backends. */
  readonly maxEjected: number;
}

/** Those of an upstream's backends among which its scheduler picks, in their order. Pure. */
export function candidatesOf<B extends Standing>(
  all: readonly B[],
  { minAvailable, maxEjected }: CandidatePolicy,
): readonly B[] {
  const usable = all.filter((backend) => backend.takesRequests);
  const available = ejectionsCount(usable, maxEjected)
    ? usable.filter((backend) => !backend.isEjected)
    : usable;
  return inActiveGroups(withoutIdleBackups(available), minAvailable);
}

/** Backups that may step in, and the primaries that they stand for, are not counted: nothing is lost with those. */
function ejectionsCount(usable: readonly Standing[], maxEjected: number): boolean {
  const covered = new Set(usable.map(({ backupFor }) => backupFor));
  const counted = usable.filter(({ rowText, backupFor }) => backupFor === null && !covered.has(rowText));
  const ejected = counted.filter(({ isEjected }) => isEjected);
  return ejected.length <= counted.length * maxEjected;
}

/** Without the backups whose primary takes requests itself. */
function withoutIdleBackups<B extends Standing>(available: readonly B[]): readonly B[] {
  const primaries = new Set(
    available.flatMap(({ rowText, backupFor }) => (backupFor === null ? [rowText] : [])),
  );
  return available.filter(({ backupFor }) => backupFor === null || !primaries.has(backupFor));
}

/** The first groups that have `minAvailable` together, or all. */
function inActiveGroups<B extends Standing>(available: readonly B[], minAvailable: number): readonly B[] {
  const sizes = new Map<number, number>();
  for (const { priority } of available) sizes.set(priority, (sizes.get(priority) ?? 0) + 1);
  if (sizes.size <= 1) return available;
  let reached = 0;
  let last = 0;
  for (const priority of [...sizes.keys()].toSorted((a, b) => a - b)) {
    if (reached >= minAvailable) break;
    reached += sizes.get(priority) ?? 0;
    last = priority;
  }
  return available.filter(({ priority }) => priority <= last);
}
