import { randomUUID } from 'node:crypto';
import type { Attempt } from '../forward/http.ts';
import type { RequestBody } from '../forward/request-body.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { Priority } from '../shared/priority.ts';
import type { RequestDecision, RuleRequest } from '../shared/rule-script.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { SchedulerKey } from '../shared/scheduler-key.ts';
import type { PickedBy } from '../upstreams/traffic-window.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { clientAddressBehind } from './client-address.ts';
import { withoutNominated } from './nominated.ts';
import type { Hedge } from './hedge.ts';
import type { ListenerService } from './listener-service.ts';
import { schedulerKey } from './scheduler-key.ts';
import { normalisedPathOf } from '../shared/normalise-path.ts';
import type { ExchangePlugins } from './plugins/exchange-plugins.ts';
import { schemeOf, type Peer, type RequestHead } from './streams.ts';
import type { PlaceInLine, PlaceSeeker } from '../upstreams/queue/place-in-line.ts';

/** One request and what became of it. Only `pipeline.ts` and what its steps are made of write to it. */
export class Exchange implements RuleRequest, PlaceSeeker {
  readonly service: ListenerService;
  readonly peer: Peer;
  /** As it came, but for what plugins change of its fields and of its body's length. */
  request: RequestHead;
  /** The header lines as received, or as plugins have left them. */
  head: string;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** As received, or as a plugin has set it; so is the path. */
  target: string;
  /** Normalised; null: the target can be read in two ways and the request is to be refused. */
  normalisedPath: string | null;
  readonly clientAddress: string;
  readonly peerIsTrusted: boolean;
  readonly startMs = performance.now();

  host: string;
  /** What is sent to the backend: the target, unless a rule changes it. */
  forwardTarget: string;
  decision: RequestDecision | null = null;
  route: number | null = null;
  upstream: Upstream | null = null;
  tried: AddressBackend[] = [];
  /** The one under way, counted in the `inFlight` of its backend. */
  attempt: Attempt | null = null;
  /** What may ask another backend besides. */
  hedge: Hedge | null = null;
  /** Of the last attempt, but for a second one beside it that came to nothing. */
  lastBackend: AddressBackend | null = null;
  /** Backends tried in all. */
  attempts = 0;
  /** Those of `attempts` that were at upstreams for which another stands in now. */
  attemptsElsewhere = 0;
  /** null: the request has none, or there was no attempt yet. */
  body: RequestBody | null = null;
  /** Where it waits for a backend; null: it does not. */
  placeInLine: PlaceInLine | null = null;
  /** How long it has waited; null: not at all. */
  queueMs: number | null = null;
  /** Who chose its first backend. */
  pickedBy: PickedBy = 'scheduler';
  /** What the client's sticky cookie says, if its backend could be picked. */
  stickyId: string | null = null;
  status: number | null = null;
  error: ProxyError | null = null;
  requestBytes = 0;
  responseBytes = 0;
  ruleBegunMs = 0;
  /** From the asking of the rule to its decision: waiting for its turn, and running. */
  ruleMs: number | null = null;
  placedMs = 0;
  connectedMs = 0;
  answeredMs = 0;
  finished = false;
  /** What plugins do with it; null: it met none yet. */
  plugins: ExchangePlugins | null = null;
  /** Whether it is counted in the listener's `webSockets`. */
  hasWebSocketPlace = false;
  #requestId: string | null = null;

  constructor(service: ListenerService, peer: Peer, request: RequestHead, head: string) {
    this.service = service;
    this.peer = peer;
    this.request = withoutNominated(request);
    this.head = head;
    this.method = request.method;
    this.scheme = schemeOf(peer);
    this.host = request.host;
    this.target = request.target;
    this.forwardTarget = request.target;
    this.normalisedPath = normalisedPathOf(request.target);
    this.peerIsTrusted = service.config.forwarded.trust.length > 0 && service.trustsPeer(peer.address);
    this.clientAddress = this.peerIsTrusted
      ? clientAddressBehind(peer.address, request.headers, service.trustsPeer)
      : peer.address;
  }

  get tls(): string {
    return this.peer.tls?.text ?? '';
  }

  get variables(): string {
    return this.plugins?.variables?.text ?? '';
  }

  get path(): string {
    return this.normalisedPath ?? '';
  }

  /** Those at its present upstream. */
  get attemptsHere(): number {
    return this.attempts - this.attemptsElsewhere;
  }

  get priority(): Priority {
    return (this.decision?.kind === 'forward' ? this.decision.priority : undefined) ?? 'normal';
  }

  onWaited(ms: number): void {
    this.queueMs = (this.queueMs ?? 0) + ms;
    // Of an attempt before it; stages are timed one behind the other.
    this.connectedMs = 0;
    this.answeredMs = 0;
  }

  keyFor(wanted: SchedulerKey): string | undefined {
    return schedulerKey(this, wanted);
  }

  /** Taken over from a trusted peer if it is sane, made up otherwise. */
  get requestId(): string {
    if (this.#requestId === null) {
      const received = this.peerIsTrusted ? this.request.headers.get('x-request-id') : null;
      this.#requestId = received !== null && /^[\w.:/+=@-]{1,128}$/.test(received) ? received : randomUUID();
    }
    return this.#requestId;
  }
}
