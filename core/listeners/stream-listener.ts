import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { PluginChain } from '../../plugins/contract/chain.ts';
import { NO_ADDRESS, plainAddress } from '../exchange/client-address.ts';
import { connectionIsSecure } from '../exchange/plugins/connection-view.ts';
import type { Peer } from '../exchange/streams.ts';
import { Bandwidth } from '../shared/bandwidth.ts';
import { compileCidrs } from '../shared/cidr.ts';
import type { Client } from '../shared/client.ts';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { BandwidthConfig, ProxyProtocolConfig, ListenerConfig } from '../shared/listener-types.ts';
import type { Logger } from '../shared/log.ts';
import type { RuleScript } from '../shared/rule-script.ts';
import type { OpenListener } from './open-listener.ts';
import { allowsConnection, allowsHandshake } from './plugin-hooks.ts';
import { behindProxy, type ProxyHeader } from './proxied-client.ts';
import { ProxyHeaderStage, type ProxyHeaderOwner } from './proxy-header-stage.ts';
import { RefusalLog } from './refusal-log.ts';
import type { Stage } from './stage.ts';
import { allowsCertificate } from './tls/allows-certificate.ts';
import type { ClientHello } from '../shared/client-hello.ts';
import { describeTls } from './tls/describe.ts';
import type { TlsFront } from './tls/front.ts';

/** What letting a connection in takes of a listener's service, whatever is spoken there. */
export interface StreamService {
  readonly config: {
    readonly name: string;
    readonly protocol: ListenerConfig['protocol'];
    readonly address: SocketAddressConfig;
    readonly limits: { readonly connections: number; readonly connectionsPerClient: number | null };
    readonly proxyProtocol: ProxyProtocolConfig | null;
    readonly bandwidth: BandwidthConfig | null;
  };
  readonly plugins: PluginChain | null;
  readonly rules: RuleScript | null;
  readonly counters: { refused: number };
  readonly log: Logger;
}

/**
 * A listener of connections, from the accepting to the point where the client is known and TLS, if there is any, is
 * through: limits → PROXY header → limit of the client → plugins' `connect` → TLS with plugins' `tls`. It lives as long as its
 * address is configured: reloads swap the service.
 */
export abstract class StreamListener<Service extends StreamService>
  implements OpenListener, ProxyHeaderOwner
{
  readonly deadlines: Deadlines;
  draining = false;
  protected current: Service;
  /** null: no TLS is ended here. */
  protected front: TlsFront | null;
  protected readonly connections = new Map<Client, Stage>();
  /** Those of `connections` over which a CA validates a name: no clients, and not counted as such. */
  readonly #validations = new Set<Client>();
  readonly #perClient = new Map<string, number>();
  readonly #workers: () => number;
  readonly #refusals = new RefusalLog();
  protected readonly bandwidth = new Bandwidth();
  #trustsHeaderOf: (address: string) => boolean;
  #onEmpty: (() => void) | null = null;

  /** `workers`: how many share the listener's connection limit. */
  constructor(service: Service, deadlines: Deadlines, workers: () => number, front: TlsFront | null) {
    this.current = service;
    this.front = front;
    this.deadlines = deadlines;
    this.#workers = workers;
    this.#trustsHeaderOf = headerTrust(service);
    this.bandwidth.set(service.config.bandwidth, workers());
  }

  /** The connection is let in. `socket`: as it was accepted. */
  protected abstract serve(socket: Socket, peer: Peer): Stage;
  /** The same after the handshake. `hello`: null where it could not be read. */
  protected abstract serveSecure(socket: TLSSocket, peer: Peer, hello: ClientHello | null): Stage;
  /** There is no place for it; it has been counted. */
  protected abstract turnAway(socket: Socket): void;
  /** A plugin has said no. */
  protected abstract countDenied(service: Service): void;
  /** So many more clients are connected to this service; negative: fewer. */
  protected abstract countClients(service: Service, change: number): void;

  /** Nothing more is accepted: it may have nothing to do any more. */
  protected leaveIdle(stage: Stage): void {
    stage.closeIfIdle();
  }

  get service(): Service {
    return this.current;
  }

  update(service: Service, front: TlsFront | null = null): void {
    this.front = front;
    const clients = this.connections.size - this.#validations.size;
    this.countClients(service, clients);
    this.countClients(this.current, -clients);
    this.current = service;
    this.#trustsHeaderOf = headerTrust(service);
    this.bandwidth.set(service.config.bandwidth, this.#workers());
  }

  drain(_endMs?: number): Promise<void> {
    this.draining = true;
    for (const stage of this.connections.values()) this.leaveIdle(stage);
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.connections.size === 0) resolve();
    });
  }

  destroyConnections(): void {
    for (const stage of this.connections.values()) stage.destroy();
  }

  accept(socket: Socket, localPort: number): void {
    const { address, limits, proxyProtocol } = this.current.config;
    if (socket.remoteAddress === undefined && address.kind === 'tcp') {
      // It has reset the connection already. What it sent can still be read, but not held against an address list.
      socket.destroy();
      return;
    }
    const peer: Peer = {
      address: plainAddress(socket.remoteAddress),
      port: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress),
      localPort,
    };
    if (this.connections.size >= Math.ceil(limits.connections / this.#workers())) this.#refuse(socket);
    else if (proxyProtocol === null) this.#letIn(socket, peer);
    else if (this.#trustsHeaderOf(peer.address)) {
      this.countClients(this.current, 1);
      this.connections.set(peer, new ProxyHeaderStage(socket, peer, proxyProtocol.timeoutMs, this));
    } else {
      socket.destroy();
      this.#onRefusedHeader(peer, 'the address is not in proxyProtocol.trust');
    }
  }

  onAcceptFailed(error: Error): void {
    this.current.log.error({ err: error }, 'accepting failed');
  }

  onProxyHeader(socket: Socket, peer: Peer, { client }: ProxyHeader): void {
    this.connections.delete(peer);
    this.countClients(this.current, -1);
    const served = client === null ? peer : behindProxy(peer, client);
    this.#letIn(socket, served);
    const stage = this.connections.get(served);
    if (this.draining && stage !== undefined) this.leaveIdle(stage);
    if (this.connections.size === 0) this.#onEmpty?.();
  }

  onNoProxyHeader(peer: Peer, problem: string | null): void {
    this.connections.delete(peer);
    this.countClients(this.current, -1);
    if (problem !== null) this.#onRefusedHeader(peer, problem);
    if (this.connections.size === 0) this.#onEmpty?.();
  }

  #onRefusedHeader(peer: Peer, problem: string): void {
    const { config, counters, log } = this.current;
    counters.refused += 1;
    const fields = { listener: config.name, peer: peer.address, problem };
    this.#refusals.warn(log, fields, 'closed a connection without a valid PROXY protocol header');
  }

  /** `peer`: the client, whom its share of the connections is counted for. */
  #letIn(socket: Socket, peer: Peer): void {
    const { connectionsPerClient } = this.current.config.limits;
    const ofClient = this.#perClient.get(peer.address) ?? 0;
    if (connectionsPerClient !== null && peer.address !== NO_ADDRESS && ofClient >= connectionsPerClient)
      return this.#refuse(socket);
    if (!allowsConnection(this.current, peer)) {
      this.countDenied(this.current);
      socket.destroy();
      return;
    }
    const { front } = this;
    const stage = front === null ? this.serve(socket, peer) : this.#handshake(front, socket, peer);
    if (stage === null) return this.#refuse(socket);
    this.#perClient.set(peer.address, ofClient + 1);
    this.countClients(this.current, 1);
    this.connections.set(peer, stage);
  }

  #handshake(front: TlsFront, socket: Socket, peer: Peer): Stage | null {
    const handshake = front.begin(socket, {
      deadlines: this.deadlines,
      onSecure: (secure) => {
        const described: Peer = { ...peer, tls: describeTls(secure) };
        connectionIsSecure(peer, described);
        this.connections.delete(peer);
        this.connections.set(described, this.serveSecure(secure, described, handshake?.hello ?? null));
      },
      onFailed: (reason) => {
        this.current.counters.refused += 1;
        this.current.log.debug({ client: peer.address, reason }, 'no TLS connection came about');
        this.onClosed(peer);
      },
      onChallenge: () => {
        this.#validations.add(peer);
        this.countClients(this.current, -1);
      },
      onChallengeOver: () => this.onClosed(peer),
      allowsHello: (hello) => allowsHandshake(this.current, peer, hello),
      allowsCertificate: (serverName) => allowsCertificate(this.current, serverName, peer, this.#refusals),
    });
    return handshake;
  }

  #refuse(socket: Socket): void {
    this.current.counters.refused += 1;
    this.turnAway(socket);
  }

  onClosed(peer: Client): void {
    if (!this.connections.delete(peer)) return;
    if (!this.#validations.delete(peer)) this.countClients(this.current, -1);
    const left = (this.#perClient.get(peer.address) ?? 1) - 1;
    if (left === 0) this.#perClient.delete(peer.address);
    else this.#perClient.set(peer.address, left);
    if (this.connections.size === 0) this.#onEmpty?.();
  }
}

/** Whose headers of the PROXY protocol are believed. */
function headerTrust({ config: { address, proxyProtocol } }: StreamService): (peer: string) => boolean {
  // Who may connect to a Unix socket, its folder's permissions say.
  if (address.kind === 'unix') return () => true;
  return compileCidrs(proxyProtocol?.trust ?? []);
}
