import type { PluginChain, PluginInstance } from '../../plugins/contract/chain.ts';
import { connectionView } from '../exchange/plugins/connection-view.ts';
import { expectNoPromise } from '../exchange/plugins/is-promise.ts';
import type { Client } from '../shared/client.ts';
import type { ClientHello } from '../shared/client-hello.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import { readServerName } from '../shared/tls-info.ts';

/** A listener with plugins, of whatever protocol. */
interface Guarded {
  readonly config: Pick<ListenerConfig, 'name' | 'protocol'>;
  readonly plugins: PluginChain | null;
}

/** Whether the `connect` hooks of the listener's plugins let a connection in. */
export function allowsConnection({ plugins, config }: Guarded, peer: Client): boolean {
  if (plugins === null || plugins.connect === null) return true;
  const connection = connectionView(peer, config);
  return plugins.connect.every((instance) =>
    allows(instance, 'connect', () => instance.hooks.connect?.(connection)),
  );
}

/** The same for the `tls` hooks and a handshake. `hello`: null where it can not be read, as that of a client which names no name. */
export function allowsHandshake(
  { plugins, config }: Guarded,
  peer: Client,
  hello: Pick<ClientHello, 'serverName' | 'protocols'> | null,
): boolean {
  if (plugins === null || plugins.tls === null) return true;
  const handshake = {
    connection: connectionView(peer, config),
    serverName: hello === null ? null : readServerName(hello.serverName),
    alpn: hello?.protocols ?? [],
  };
  return plugins.tls.every((instance) => allows(instance, 'tls', () => instance.hooks.tls?.(handshake)));
}

/** A hook that fails denies, unless its plugin is to be passed over then. */
function allows(instance: PluginInstance, hook: 'connect' | 'tls', call: () => 'deny' | void): boolean {
  const isAllowedUnasked = instance.onError.kind === 'skip';
  if (instance.isResting) return isAllowedUnasked;
  instance.calls[hook] += 1;
  try {
    const decision = call();
    expectNoPromise(decision);
    return decision !== 'deny';
  } catch (error) {
    instance.failed(hook, error);
    return isAllowedUnasked;
  }
}
