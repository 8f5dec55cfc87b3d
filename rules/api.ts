/** `tidegate/rules`: everything that a rule script imports. */
export { defineRules } from './runtime/define-rules.ts';
export { deny, forward, inspect, next, redirect, respond } from './runtime/decisions.ts';
export type { Candidate, DefinedRules, LogEntry, LogValue, Rules } from './runtime/define-rules.ts';
export type {
  ConnectDecision,
  Decision,
  ForwardConnectionOptions,
  ForwardOptions,
  InspectOptions,
  RespondInit,
} from './runtime/decisions.ts';
export type { Client } from './runtime/client.ts';
export type { ConnectionClient, RuleConnection } from './runtime/connection.ts';
export type { ClientCertificate, ConnectionTls, TlsInfo } from '../core/shared/tls-info.ts';
export type { Cookies } from './runtime/cookies.ts';
export type { MutableHeaders, ReadonlyHeaders } from './runtime/headers.ts';
export type { Query, RuleRequest, SentRequest } from './runtime/request.ts';
export type { RuleResponse } from './runtime/response.ts';
export type { Variables } from './runtime/variables.ts';
