import type { OutgoingHttpHeaders } from 'node:http2';
import type { GrpcProbeConfig, HttpProbeConfig } from '../../shared/health-types.ts';
import { judgeAnswer } from './http-answer.ts';
import { Http2Exchange } from './http2.ts';
import type { Http2Answer } from './http2.ts';
import { USER_AGENT } from './http.ts';
import { hostOf, quoted } from './probe.ts';
import type { CheckTarget, ProbeResult, RunningProbe } from './probe.ts';

export function probeH2(
  target: CheckTarget,
  probe: HttpProbeConfig,
  done: (result: ProbeResult) => void,
): RunningProbe {
  const headers: OutgoingHttpHeaders = {
    ':method': probe.method,
    ':path': probe.path,
    ':authority': probe.host ?? hostOf(target),
    'user-agent': USER_AGENT,
    accept: '*/*',
  };
  for (const [name, value] of Object.entries(probe.headers)) headers[name.toLowerCase()] = value;
  return new Http2Exchange(
    target,
    { headers, body: null },
    ({ status, body }) => judgeAnswer(probe, status, body.toString('latin1')),
    done,
  );
}

/** The standard health service of gRPC: grpc.health.v1.Health/Check. */
export function probeGrpc(
  target: CheckTarget,
  { host, service }: GrpcProbeConfig,
  done: (result: ProbeResult) => void,
): RunningProbe {
  const headers = {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': host ?? hostOf(target),
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${target.check.timeoutMs}m`,
    'user-agent': USER_AGENT,
  };
  return new Http2Exchange(target, { headers, body: checkRequest(service) }, judgeGrpc, done);
}

/** HealthCheckRequest { string service = 1 }, in a frame that is not compressed. */
function checkRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const length: number[] = [];
  // A varint: seven bits a byte, the lowest first.
  for (let rest = name.length; length.length === 0 || rest > 0; rest >>>= 7)
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

const SERVING = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

function judgeGrpc({ status, fields, body }: Http2Answer): ProbeResult {
  if (status !== 200) return { ok: false, reason: `status ${status}` };
  const code = fields.get('grpc-status');
  if (code !== '0') {
    const message = fields.get('grpc-message');
    const why = message === undefined ? '' : `: ${quoted(percentDecoded(message))}`;
    return { ok: false, reason: `grpc-status ${quoted(code ?? 'missing')}${why}` };
  }
  const serving = servingStatus(body);
  return { ok: serving === 1, reason: SERVING[serving] ?? 'an unknown serving status' };
}

/** As gRPC sends messages in header fields. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** HealthCheckResponse { ServingStatus status = 1 }; absent means 0. */
function servingStatus(body: Buffer): number {
  const message = body.subarray(5, 5 + (body.length >= 5 ? body.readUInt32BE(1) : 0));
  if (message.length === 0) return 0;
  return message[0] === 0x08 ? (message[1] ?? -1) : -1;
}
