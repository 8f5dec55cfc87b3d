import { ProxyError } from '../shared/errors.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { UdpSession } from './udp-session.ts';

/** Where a session goes that begins with this datagram: what the rule's `connect` handler says, else the listener's upstream. */
export function placeSession(session: UdpSession, data: Buffer): Upstream | ProxyError | 'denied' {
  const { service, client } = session;
  const { rules, upstreams, upstream, config } = service;
  if (rules !== null && rules.handles.connect) {
    const begunMs = performance.now();
    const decision = rules.connect({
      listener: config.name,
      protocol: 'udp',
      clientAddress: client.address,
      clientPort: client.port,
      localAddress: client.localAddress,
      localPort: client.localPort,
      tls: '',
      bytes: data.toString('latin1'),
    });
    session.ruleMs = performance.now() - begunMs;
    session.decision = decision;
    switch (decision.kind) {
      case 'deny':
        return 'denied';
      case 'fault':
        return ruleFault(decision.reason);
      case 'inspect':
        return ruleFault('the rule asks for more bytes: a datagram is all there is');
      case 'forward':
        return (
          upstreams.get(decision.upstream) ??
          ruleFault(`the rule forwards to the unknown upstream ${decision.upstream}`)
        );
      case 'next':
        break;
    }
  }
  return (
    upstream ?? new ProxyError('no-route', 'client', 'no rule places it and the listener has no upstream')
  );
}

function ruleFault(reason: string): ProxyError {
  return new ProxyError('rule-fault', 'proxy', reason);
}
