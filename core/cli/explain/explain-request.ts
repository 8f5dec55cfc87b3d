import { applyEdits } from '../../exchange/apply-edits.ts';
import { answerReason, describeDecision, describeEdits, editsOf } from '../../exchange/describe-decision.ts';
import { differencesOf } from '../../exchange/shadow/compare-decisions.ts';
import { exceptionFromRedirect, redirectFor } from '../../exchange/redirect-to-https.ts';
import { statusOf } from '../../exchange/respond.ts';
import { RouteTable, hostWithoutPort } from '../../exchange/routes.ts';
import { schedulerKey, type KeyedRequest } from '../../exchange/scheduler-key.ts';
import type { RequestHead } from '../../exchange/streams.ts';
import type { Config } from '../../shared/config-types.ts';
import type { HttpListenerConfig, RuleScriptConfig } from '../../shared/listener-types.ts';
import { ProxyError } from '../../shared/errors.ts';
import type { PluginConfig } from '../../shared/plugin-types.ts';
import type { SchedulerKey } from '../../shared/scheduler-key.ts';
import type { PickCandidate, RequestDecision, RuleRequest } from '../../shared/rule-script.ts';
import { pickCandidate } from '../../upstreams/backend.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { RuleAnswer } from '../sandbox/messages.ts';
import { backendStep, fallbackOf, missingUpstream, upstreamsAsWritten } from './explained-upstreams.ts';
import {
  placeOf,
  type RequestExplanation,
  type RequestOutcome as Outcome,
  type Step,
} from './explanation.ts';
import { readRequest, type ExplainQuery } from './read-request.ts';

/** Asks a rule script. */
export type AskRule = (
  script: RuleScriptConfig,
  request: RuleRequest,
  candidates: Readonly<Record<string, readonly PickCandidate[]>>,
) => Promise<RuleAnswer | null>;

/** Takes a request through the same steps as the proxy does (`exchange/pipeline.ts`), without sending anything anywhere. */
export async function explainRequest(
  config: Config,
  listener: HttpListenerConfig,
  reason: string,
  query: ExplainQuery,
  askRule: AskRule,
): Promise<RequestExplanation> {
  const path = new ExplainedPath(config, listener);
  path.step('listener', `${listener.name} (${listener.addressText})`, [reason]);
  const outcome = await path.follow(query, askRule);
  const { method, url, clientAddress } = query;
  return {
    request: { method, url: `${url.scheme}://${url.authority}${url.target}`, clientAddress },
    steps: path.steps,
    outcome,
  };
}

class ExplainedPath {
  readonly steps: Step[] = [];
  readonly #listener: HttpListenerConfig;
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  #picks: RuleAnswer['picks'] = null;
  #keyed: Omit<KeyedRequest, 'forwardTarget'> | null = null;

  constructor(config: Config, listener: HttpListenerConfig) {
    this.#listener = listener;
    this.#upstreams = upstreamsAsWritten(config);
  }

  step(step: Step['step'], text: string, details: readonly string[]): void {
    this.steps.push({ step, text, details });
  }

  async follow(query: ExplainQuery, askRule: AskRule): Promise<Outcome> {
    const read = readRequest(this.#listener, query);
    this.steps.push(read.step);
    if (!read.ok) return read.outcome;
    const { head, request } = read;
    const redirected = this.#redirect(head, request.path);
    if (redirected !== null) return redirected;
    this.#plugins('of the listener', this.#listener.plugins);
    const { rules, shadow } = this.#listener;
    const answer = rules === null ? null : await askRule(rules, request, this.#candidates());
    const tried = shadow === null ? null : await askRule(shadow.rules, request, {});
    const { clientAddress } = request;
    const decision = answer?.decision ?? null;
    const host = decision?.kind === 'forward' ? (decision.host ?? head.host) : head.host;
    this.#keyed = { clientAddress, host, request: head, decision };
    const settled = this.#rule(answer, head, tried);
    if (settled !== null) return settled;
    const routed = this.#route(head, request.path);
    if (routed !== null) return this.#choose(routed, head.target, 'the route names it');
    const { upstream } = this.#listener;
    if (upstream === null)
      return { kind: 'answer', status: 404, reason: 'no route fits and the listener has no `upstream`' };
    return this.#choose(
      upstream,
      head.target,
      "the listener's `upstream`, where a request goes that nothing else placed",
    );
  }

  #candidates(): Record<string, PickCandidate[]> {
    return Object.fromEntries(
      [...this.#upstreams].map(([name, upstream]) => [
        name,
        upstream.candidates().map((backend) => pickCandidate(backend, 0)),
      ]),
    );
  }

  /** Null where the request is served over plain HTTP. */
  #redirect(head: RequestHead, path: string): Outcome | null {
    const { redirectToHttps: redirect } = this.#listener;
    if (redirect === null) return null;
    const exception = exceptionFromRedirect(redirect, path);
    if (exception !== null) {
      this.step('redirect', 'none', [`${exception} is not redirected to https`]);
      return null;
    }
    const answer = redirectFor(redirect, head.host, head.target);
    if (answer instanceof ProxyError) {
      this.step('redirect', `refused: ${answer.code}`, [answer.message]);
      return { kind: 'answer', status: statusOf(answer.code) ?? 400, reason: answer.message };
    }
    const location = answer.headers.find(([name]) => name === 'Location')?.[1] ?? '';
    this.step('redirect', `${answer.status} to ${location}`, [
      'redirectToHttps, ahead of rules and routes; a trusted proxy that says `X-Forwarded-Proto: https` is not redirected',
    ]);
    return { kind: 'answer', status: answer.status, reason: `a redirect to ${location}` };
  }

  /** Null where the rule leaves it to the routes. */
  #rule(answer: RuleAnswer | null, head: RequestHead, tried: RuleAnswer | null): Outcome | null {
    this.#picks = answer?.picks ?? null;
    const decision = answer?.decision ?? null;
    if (decision === null) {
      this.step('rule', 'none', [
        answer === null ? 'the listener has no rule script' : 'the script has no `request` handler',
      ]);
      this.#shadow({ kind: 'next', edits: [] }, tried);
      return null;
    }
    this.step(
      'rule',
      `${describeDecision(decision)}${placeOf(answer?.at ?? null)}`,
      describeEdits(editsOf(decision)),
    );
    this.#shadow(decision, tried);
    switch (decision.kind) {
      case 'next':
        // Routes see the headers as the rule left them.
        applyEdits(head.headers, decision.edits);
        return null;
      case 'forward':
        return this.#choose(decision.upstream, decision.target ?? head.target, 'the rule names it');
      case 'fault':
        if (this.#listener.rules?.onError === 'next') {
          this.step('rule', 'next', [`because of onError: next; the fault: ${decision.reason}`]);
          return null;
        }
        return { kind: 'answer', status: statusOf('rule-fault') ?? 500, reason: decision.reason };
      case 'redirect':
      case 'respond':
      case 'deny':
        return { kind: 'answer', status: decision.status, reason: answerReason(decision) };
    }
  }

  /** What the script that is tried would decide; nothing comes of it. */
  #shadow(decision: RequestDecision, tried: RuleAnswer | null): void {
    const shadow = tried?.decision ?? null;
    if (shadow === null) return;
    const differs = differencesOf(decision, shadow);
    this.step('shadow', `${describeDecision(shadow)}${placeOf(tried?.at ?? null)}`, [
      ...describeEdits(editsOf(shadow)),
      differs.length === 0
        ? 'as the rule decides'
        : `it is tried only; what it would decide otherwise: ${differs.join(', ')}`,
    ]);
  }

  #route(head: RequestHead, path: string): string | null {
    const { routes } = this.#listener;
    if (routes.length === 0) {
      this.step('route', 'none', ['the listener has no routes']);
      return null;
    }
    const host = hostWithoutPort(head.host);
    const { match, considered } = new RouteTable(routes).explain(host, path, head.method, (name) =>
      head.headers.get(name),
    );
    const details = considered.slice(0, 5).map(({ index, reason }) => `routes[${index}]: ${reason}`);
    if (considered.length > 5) details.push(`and ${considered.length - 5} more rows`);
    this.step('route', match === undefined ? 'none fits' : `routes[${match.index}]`, details);
    this.#plugins('of the route', match?.route.plugins ?? []);
    return match?.route.upstream ?? null;
  }

  /** They are trusted code that may do anything, so they are not asked. */
  #plugins(whose: string, plugins: readonly PluginConfig[]): void {
    if (plugins.length === 0) return;
    const names = plugins.map(({ use }) => use).join(', ');
    this.step('plugins', names, [
      `${whose}: the request passes them, and they may change or answer it; they are not run here`,
    ]);
  }

  #choose(name: string, target: string, reason: string): Outcome {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) {
      this.steps.push(missingUpstream(name, reason, this.#upstreams));
      return {
        kind: 'answer',
        status: statusOf('rule-fault') ?? 500,
        reason: `the upstream "${name}" does not exist`,
      };
    }
    this.step('upstream', name, [reason]);
    this.#plugins('of the upstream', upstream.config.plugins);
    const picked = upstream.resolve(upstream.candidates()[this.#picks?.[name] ?? -1]);
    const keyed = this.#keyed === null ? null : { ...this.#keyed, forwardTarget: target };
    const keyFor = (wanted: SchedulerKey): string | undefined =>
      keyed === null ? undefined : schedulerKey(keyed, wanted);
    const backend = picked ?? upstream.pick([], { keyFor });
    const byRule = picked === undefined ? null : "the script's `pick` handler chose it";
    this.steps.push(backendStep(upstream, backend, byRule, keyFor, 'requests'));
    const { fallback } = upstream.config;
    if (backend === undefined && fallback !== null) return this.#choose(fallback, target, fallbackOf(name));
    if (backend === undefined)
      return {
        kind: 'answer',
        status: statusOf('no-backend') ?? 503,
        reason: `no backend of "${name}" takes requests`,
      };
    return { kind: 'forward', upstream: name, backend: backend.addressText, target };
  }
}
