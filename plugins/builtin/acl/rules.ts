import { AddressSetBuilder, type AddressSet } from '../../api.ts';
import {
  addressIn,
  countryIn,
  headerIs,
  hostIn,
  methodIn,
  pathIn,
  serverNameIn,
  type Condition,
  type Subject,
} from './conditions.ts';
import type { CountryOf } from './countries.ts';
import type { AddressOptions, Answer, Options, RuleOptions } from './options.ts';

export interface Rule {
  readonly name: string;
  readonly decision: 'allow' | 'deny' | 'log';
  readonly conditions: readonly Condition[];
  readonly answer: Answer;
  /** What a condition asks for, no connection without requests has. */
  readonly isForRequests: boolean;
}

/** What the conditions look things up in. */
export interface Sources {
  readonly lists: ReadonlyMap<string, { readonly value: AddressSet }>;
  readonly countries: { readonly value: CountryOf } | null;
}

/** In the order in which they are asked: `rules`, `deny`, `allow`, and last the default, which always decides. */
export function rulesOf(settings: Options, sources: Sources): readonly Rule[] {
  const { answer } = settings;
  const isForRequests = false;
  const rules = settings.rules.map((rule, i): Rule => ({
    name: rule.name ?? `rule ${i + 1}`,
    decision: rule.decision,
    conditions: conditionsOf(rule, sources),
    answer: rule.answer ?? answer,
    isForRequests: [rule.methods, rule.hosts, rule.paths, rule.headers].some((each) => each !== undefined),
  }));
  for (const decision of ['deny', 'allow'] as const) {
    const entries = settings[decision];
    if (entries.length === 0) continue;
    rules.push({
      name: decision,
      decision,
      conditions: [addressIn(setsOf(entries, sources))],
      answer,
      isForRequests,
    });
  }
  const decision = settings.default ?? (settings.allow.length > 0 ? 'deny' : 'allow');
  return [...rules, { name: 'default', decision, conditions: [], answer, isForRequests }];
}

function conditionsOf(rule: RuleOptions, sources: Sources): readonly Condition[] {
  const conditions: Condition[] = [];
  if (rule.methods !== undefined) conditions.push(methodIn(rule.methods));
  if (rule.hosts !== undefined) conditions.push(hostIn(rule.hosts));
  if (rule.serverNames !== undefined) conditions.push(serverNameIn(rule.serverNames));
  if (rule.paths !== undefined) conditions.push(pathIn(rule.paths));
  for (const [name, wanted] of Object.entries(rule.headers ?? {})) conditions.push(headerIs(name, wanted));
  if (rule.addresses !== undefined) conditions.push(addressIn(setsOf(rule.addresses, sources)));
  if (rule.countries !== undefined && sources.countries !== null)
    conditions.push(countryIn(rule.countries, sources.countries));
  return conditions;
}

/** The ranges that stand there as one set, and each list. */
function setsOf(entries: AddressOptions, { lists }: Sources): { readonly value: AddressSet }[] {
  const builder = new AddressSetBuilder();
  const sets: { readonly value: AddressSet }[] = [];
  for (const entry of entries) {
    if ('range' in entry) builder.add(entry.range);
    else sets.push(lists.get(entry.list) ?? { value: new AddressSetBuilder().build() });
  }
  return builder.entries === 0 ? sets : [{ value: builder.build() }, ...sets];
}

/** The rule that decides on a request: the first one whose conditions all hold. `onLog` is told of those that only log. */
export function decide(rules: readonly Rule[], subject: Subject, onLog: (rule: Rule) => void): Rule | null {
  for (const rule of rules) {
    if (matches(rule, subject) !== true) continue;
    if (rule.decision !== 'log') return rule;
    onLog(rule);
  }
  return null;
}

/** The rule by which a connection can be dropped already: whatever its requests will be, they would all be dropped. */
export function decideEarly(rules: readonly Rule[], subject: Subject): Rule | null {
  for (const rule of rules) {
    const matched = matches(rule, subject);
    if (matched === false || rule.decision === 'log') continue;
    if (rule.decision === 'allow' || rule.answer !== 'drop') return null;
    if (matched === true) return rule;
  }
  return null;
}

/** The rule that denies a connection over which no requests come, whatever `answer` says. What is not known yet may be in the next hook. */
export function decideConnection(rules: readonly Rule[], subject: Subject): Rule | null {
  for (const rule of rules) {
    if (rule.isForRequests || rule.decision === 'log') continue;
    const matched = matches(rule, subject);
    if (matched === false) continue;
    if (rule.decision === 'allow') return null;
    if (matched === true) return rule;
  }
  return null;
}

function matches({ conditions }: Rule, subject: Subject): boolean | null {
  let result: boolean | null = true;
  for (const condition of conditions) {
    const holds = condition(subject);
    if (holds === false) return false;
    result = holds && result;
  }
  return result;
}
