/** `tidegate`: what config files and embedding programs import. */
import type { RunningTidegate, StartOptions } from './running-tidegate.ts';

export { defineConfig } from './config/define-config.ts';
export type { AccessLogInput, ConfigInput, LogInput } from './config/config-input.ts';
export type {
  ErrorPageInput,
  HstsInput,
  Http2Input,
  HttpsRedirectInput,
  BandwidthInput,
  HttpListenerInput,
  ListenerInput,
  ProxyProtocolInput,
  Rate,
  RouteInput,
  RulesInput,
} from './config/listener-input.ts';
export type { TcpListenerInput, TcpRouteInput, UdpListenerInput } from './config/layer4-input.ts';
export type { CertificateInput, TlsInput, TlsPolicyInput } from './config/tls-input.ts';
export type { BackendInput, UpstreamInput, UpstreamTlsInput } from './config/upstream-input.ts';
export { StartError } from './running-tidegate.ts';
export type { RunningTidegate, StartOptions } from './running-tidegate.ts';

/**
 * Starts Tidegate as `tidegate run` does, without its signal handlers. Resolves when every worker
 * serves; rejects with `StartError`, with nothing left running.
 */
export async function start(options: StartOptions): Promise<RunningTidegate> {
  // Loaded when it is called: config files import this module too, and have no use for the control plane.
  const { start: startHere } = await import('./start.ts');
  return startHere(options);
}
