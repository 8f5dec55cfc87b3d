/** A call that gave no result; why is logged already. */
export class Failure {
  readonly reason: string;
  /** Where it cost the isolate; `index` is null where that was in none of its requests. */
  readonly ended: { readonly index: number | null; readonly forgiven: boolean } | null;

  constructor(reason: string, ended: Failure['ended'] = null) {
    this.reason = reason;
    this.ended = ended;
  }
}
