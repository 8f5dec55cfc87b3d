import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../shared/config-types.ts';
import { isHttp, isTcp } from '../shared/listener-kinds.ts';
import type { TcpListenerConfig, UdpListenerConfig } from '../shared/layer4-types.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import type { VariableValue } from '../shared/rule-variables.ts';
import { configFile, configOption } from './config-file.ts';
import { connectionAsker, requestAsker, ScriptProblems } from './explain/ask-script.ts';
import { chooseListener } from './explain/choose-listener.ts';
import { explainConnection } from './explain/explain-connection.ts';
import { explainRequest } from './explain/explain-request.ts';
import { renderExplanation, type Explanation } from './explain/explanation.ts';
import * as option from './explain/options.ts';
import { readConnectionUrl } from './explain/read-connection-url.ts';
import type { ConnectionQuery } from './explain/read-connection.ts';
import type { ExplainQuery } from './explain/read-request.ts';
import { readUrl } from './explain/read-url.ts';
import { problemLine, type Problem } from './problems.ts';

interface Options {
  readonly config?: string;
  readonly header: readonly option.Header[];
  readonly client: option.ExplainedClient;
  readonly variable: ReadonlyMap<string, VariableValue>;
  readonly serverName?: string;
  readonly alpn: readonly string[];
  readonly bytes?: Buffer;
  readonly listener?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('explain')
    .description(
      'say which listener, rule decision, route, upstream and backend a request or a connection would get, and why',
    )
    .argument('<method>', 'such as GET; or tcp://HOST:PORT or udp://HOST:PORT, without a url')
    .argument('[url]', 'such as http://example.com:8080/path')
    .option(...configOption)
    .option('-H, --header <line>', "a request header, 'name: value'; may be repeated", option.addHeader, [])
    .option('--client <ip[:port]>', "the client's address", option.parseClient, {
      address: '127.0.0.1',
      port: null,
    })
    .option(
      '--variable <name=value>',
      'what a plugin would set for the rule script; may be repeated',
      option.addVariable,
      new Map(),
    )
    .option('--server-name <name>', 'of a connection: the name asked for by TLS', option.parseServerName)
    .option('--alpn <protocol>', 'of a connection: offered by TLS; may be repeated', option.addProtocol, [])
    .option('--bytes <text>', 'of a connection: what it begins with; hex:… or base64:…', option.parseBytes)
    .option('--listener <name>', 'the listener, where the port does not tell')
    .option('--json', 'print the explanation as JSON')
    .action(async (method: string, url: string | undefined, options: Options, command: Command) => {
      const misuse = (message: string): never => command.error(`error: ${message}`);
      const explained =
        url === undefined ? connectionOf(method, options, misuse) : requestOf(method, url, options, misuse);
      process.exitCode = await explain(explained, options);
    });
}

/** Explains it by a config; a text says why it can not. */
type Explain = (config: Config) => Promise<Explanation | string>;
type Misuse = (message: string) => never;

function requestOf(method: string, text: string, options: Options, misuse: Misuse): Explain {
  const url = readUrl(text);
  if (url === null) return misuse(`expected an absolute URL like http://example.com/path, found '${text}'`);
  const { header: headers, client, variable, serverName, alpn, bytes } = options;
  if (client.port !== null || serverName !== undefined || alpn.length > 0 || bytes !== undefined)
    return misuse('a port of --client, --server-name, --alpn and --bytes are for tcp:// and udp://');
  const variables = option.variablesOf(variable).text;
  const query: ExplainQuery = { method, url, headers, clientAddress: client.address, variables };
  return async (config) => {
    const speaks = ({ protocol }: ListenerConfig): boolean => protocol === url.scheme;
    const choice = chooseListener(config, { ...url, isKind: isHttp, speaks }, options.listener ?? null);
    if (!choice.ok) return choice.message;
    return explainRequest(config, choice.listener, choice.reason, query, requestAsker(config));
  };
}

function connectionOf(text: string, options: Options, misuse: Misuse): Explain {
  const url = readConnectionUrl(text);
  if (url === null)
    return misuse(
      text.includes('://')
        ? `expected tcp://HOST:PORT or udp://HOST:PORT, or a method ahead of a URL, found '${text}'`
        : "missing required argument 'url'",
    );
  const { header, client, variable, serverName = null, alpn, bytes = null } = options;
  if (header.length > 0 || variable.size > 0) return misuse('--header and --variable are for requests');
  if (url.scheme === 'udp' && (serverName !== null || alpn.length > 0))
    return misuse('--server-name and --alpn are for tcp://');
  const query: ConnectionQuery = {
    url,
    clientAddress: client.address,
    clientPort: client.port ?? 50_000,
    serverName,
    alpn,
    bytes,
  };
  const isKind = url.scheme === 'udp' ? isUdp : isTcp;
  return async (config) => {
    const choice = chooseListener<TcpListenerConfig | UdpListenerConfig>(
      config,
      { ...url, isKind, speaks: () => true },
      options.listener ?? null,
    );
    if (!choice.ok) return choice.message;
    if (choice.listener.protocol === 'tcp' && bytes !== null && (serverName !== null || alpn.length > 0))
      return 'a connection to a tcp listener begins either with --bytes or with the ClientHello of --server-name and --alpn';
    return explainConnection(config, choice.listener, choice.reason, query, connectionAsker(config));
  };
}

function isUdp(listener: ListenerConfig): listener is UdpListenerConfig {
  return listener.protocol === 'udp';
}

/** @returns the exit status */
async function explain(explained: Explain, options: Options): Promise<number> {
  const file = await configFile('explain', options.config);
  if (file === null) return 1;
  const loaded = await loadConfig(file);
  if (!loaded.ok) return refuse(loaded.problems);
  try {
    const explanation = await explained(loaded.config);
    if (typeof explanation === 'string') {
      process.stderr.write(`tidegate explain: ${explanation}\n`);
      return 1;
    }
    process.stdout.write(
      options.json ? `${JSON.stringify(explanation, null, 2)}\n` : renderExplanation(explanation),
    );
    return 0;
  } catch (error) {
    if (error instanceof ScriptProblems) return refuse(error.problems);
    throw error;
  }
}

function refuse(problems: readonly Problem[]): number {
  for (const problem of problems) process.stderr.write(`${problemLine(problem)}\n`);
  return 1;
}
