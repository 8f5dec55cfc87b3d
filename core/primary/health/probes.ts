import { CommandProbe } from './command.ts';
import { probeGrpc, probeH2 } from './h2-probes.ts';
import { probeHttp } from './http.ts';
import type { StartProbe } from './probe.ts';
import { probeAgent, probeSocket } from './sockets.ts';
import { UdpProbe } from './udp.ts';
import { probeWebSocket } from './websocket.ts';

/** Begins a check of any type. */
export const startProbe: StartProbe = (target, done, { identity, connections }) => {
  const { probe } = target.check;
  switch (probe.type) {
    case 'http':
    case 'https':
      return probeHttp(target, probe, done, connections);
    case 'h2':
      return probeH2(target, probe, done);
    case 'websocket':
      return probeWebSocket(target, probe, done);
    case 'grpc':
      return probeGrpc(target, probe, done);
    case 'tcp':
    case 'tls':
      return probeSocket(target, probe, done);
    case 'agent':
      return probeAgent(target, probe, done);
    case 'udp':
      return new UdpProbe(target, probe, done);
    case 'command':
      return new CommandProbe(target, probe, done, identity);
  }
};
