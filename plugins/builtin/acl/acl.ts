import {
  AddressSetBuilder,
  definePlugin,
  textAnswer,
  type AddressSet,
  type PluginConnection,
  type PluginContext,
  type PluginExchange,
} from '../../api.ts';
import { watchedFile } from '../watched-file.ts';
import { addressListFile } from './address-list.ts';
import type { Subject } from './conditions.ts';
import { countryFile } from './countries.ts';
import { options, type Options } from './options.ts';
import { decide, decideConnection, decideEarly, rulesOf, type Rule, type Sources } from './rules.ts';

/**
 * Who may come in: by address, country, method, path, host and header.
 *
 *     acl({ deny: ['203.0.113.0/24'] })
 */
export default definePlugin({
  name: 'acl',
  options,
  create: async (settings, context) => {
    const sources = await sourcesOf(settings, context);
    const rules = rulesOf(settings, sources);
    const { dryRun } = settings;
    const counts = { allowed: 0, denied: 0, dropped: 0, logged: 0 };

    // what only a request tells is not asked for where no connection can be dropped for it
    const drops = rules.some(({ decision, answer }) => decision === 'deny' && answer === 'drop');
    const refuses = (connection: PluginConnection, serverName: string | null | undefined): Rule | null => {
      const { address, protocol } = connection;
      if (protocol !== 'http' && protocol !== 'https')
        return decideConnection(rules, { address, serverName, exchange: null });
      const isKnown = settings.address === 'connection';
      if (!drops || (serverName === undefined && !isKnown)) return null;
      return decideEarly(rules, { address: isKnown ? address : null, serverName, exchange: null });
    };
    const early = (connection: PluginConnection, serverName?: string | null): 'deny' | undefined => {
      if (refuses(connection, serverName) === null) return undefined;
      counts.dropped += 1;
      return dryRun ? undefined : 'deny';
    };

    return {
      connect: (connection) => early(connection),
      tls: ({ connection, serverName }) => early(connection, serverName),
      request(exchange) {
        const rule = decide(rules, subjectOf(exchange, settings), ({ name }) => {
          counts.logged += 1;
          exchange.setLogField('aclLog', name);
        });
        if (rule === null || rule.decision === 'allow') {
          counts.allowed += 1;
          return undefined;
        }
        counts.denied += 1;
        exchange.setLogField('acl', dryRun ? `would deny: ${rule.name}` : `denied: ${rule.name}`);
        return dryRun ? undefined : deny(exchange, rule);
      },
      status: () => ({ ...counts, ...sizesOf(sources) }),
    };
  },
});

function subjectOf(exchange: PluginExchange, { address }: Options): Subject {
  const { connection, clientAddress } = exchange;
  return {
    address: address === 'client' ? clientAddress : connection.address,
    serverName: connection.tls?.serverName ?? null,
    exchange,
  };
}

function deny(exchange: PluginExchange, { answer }: Rule) {
  if (answer !== 'drop') return textAnswer(answer.status, answer.text);
  exchange.abort();
  return undefined;
}

async function sourcesOf(settings: Options, context: PluginContext): Promise<Sources> {
  const lists = new Map<string, { readonly value: AddressSet }>();
  for (const [name, list] of Object.entries(settings.lists)) {
    if (!Array.isArray(list)) {
      lists.set(name, await watchedFile(context, addressListFile(list.file)));
      continue;
    }
    const builder = new AddressSetBuilder();
    for (const range of list) builder.add(range);
    lists.set(name, { value: builder.build() });
  }
  const { countries } = settings;
  return {
    lists,
    countries: countries === undefined ? null : await watchedFile(context, countryFile(countries.file)),
  };
}

/** How many ranges each list has. */
function sizesOf({ lists }: Sources): Record<string, number> {
  return Object.fromEntries([...lists].map(([name, { value }]) => [`list ${name}`, value.size]));
}
