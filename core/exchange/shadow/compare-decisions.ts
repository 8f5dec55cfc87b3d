import { isDeepStrictEqual } from 'node:util';
import type { HeaderEdit, RequestDecision } from '../../shared/rule-script.ts';

/** What may be different in two decisions. */
export type DecisionPart =
  | 'kind'
  | 'upstream'
  | 'target'
  | 'host'
  | 'key'
  | 'priority'
  | 'header edits'
  | 'location'
  | 'status'
  | 'headers'
  | 'body';

/** What is different in two decisions. The order of changes of different header fields is not. */
export function differencesOf(a: RequestDecision, b: RequestDecision): readonly DecisionPart[] {
  const [ofA, ofB] = [partsOf(a), partsOf(b)];
  if (a.kind !== b.kind) return ['kind'];
  return ofA.flatMap(([part, value], i) => (isDeepStrictEqual(value, ofB[i]?.[1]) ? [] : [part]));
}

/** The same ones in the same order for all decisions of a kind. */
function partsOf(decision: RequestDecision): readonly (readonly [DecisionPart, unknown])[] {
  switch (decision.kind) {
    case 'next':
      return [['header edits', byField(decision.edits)]];
    case 'forward':
      return [
        ['upstream', decision.upstream],
        ['target', decision.target],
        ['host', decision.host],
        ['key', decision.key ?? null],
        ['priority', decision.priority ?? 'normal'],
        ['header edits', byField(decision.edits)],
      ];
    case 'redirect':
      return [
        ['status', decision.status],
        ['location', decision.location],
      ];
    case 'respond':
      return [
        ['status', decision.status],
        [
          'headers',
          byName(
            decision.headers,
            ([name]) => name,
            ([, value]) => value,
          ),
        ],
        ['body', decision.body],
      ];
    case 'deny':
      return [['status', decision.status]];
    case 'fault':
      return [];
  }
}

function byField(edits: readonly HeaderEdit[]): ReadonlyMap<string, readonly string[]> {
  return byName(
    edits,
    ({ name }) => name,
    (edit) => (edit.op === 'delete' ? 'delete' : `${edit.op} ${edit.value}`),
  );
}

/** Names are the same whatever their case (RFC 9110 5.1). */
function byName<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  textOf: (item: Item) => string,
): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(items, (item) => nameOf(item).toLowerCase());
  return new Map([...groups].map(([name, group]) => [name, group.map(textOf)]));
}
