import type { z } from 'zod';
import { definePlugin, type PluginExchange, type PluginHeaders } from '../api.ts';
import { checkGroups, conditions, findIn } from './conditions.ts';
import { list, object, record } from './fields.ts';
import { changeable, removable } from './header-names.ts';
import { deleteIfAllowed, deleteWithLookalikes } from './lookalikes.ts';
import type { Groups } from './patterns.ts';
import { render, template } from './templates.ts';

const fields = record(changeable, template(['rest'])).default({});

const editsSchema = object({
  /** Fields that are taken out; one `*` at the end takes out all that begin so. */
  remove: list(removable).default([]),
  /** In place of what is there. An empty value takes the field out. */
  set: fields,
  /** Beside what is there. */
  add: fields,
  /** Where there is no such field. */
  setIfMissing: fields,
});
type Edits = z.output<typeof editsSchema>;

const options = object({
  ...conditions,
  /** Of requests, as rules and backends see them. */
  request: editsSchema.prefault({}),
  /** Of all answers, those of Tidegate's own too. */
  response: editsSchema.prefault({}),
}).superRefine((value, context) => {
  for (const side of ['request', 'response'] as const)
    for (const key of ['set', 'add', 'setIfMissing'] as const)
      for (const [name, each] of Object.entries(value[side][key]))
        checkGroups(each, value, [side, key, name], context);
});
export type HeadersOptions = z.input<typeof options>;

/** Sets, adds and removes header fields of requests and answers. */
export default definePlugin({
  name: 'headers',
  options,
  create(given) {
    // The conditions are for the request as it came here; what comes later may rewrite it.
    const found = new WeakMap<PluginExchange, Groups>();
    return {
      request(exchange) {
        const groups = findIn(given, exchange);
        if (groups === null) return;
        found.set(exchange, groups);
        edit(exchange.request.headers, given.request, exchange, groups);
      },
      response(exchange) {
        const groups = found.get(exchange);
        if (groups !== undefined) edit(exchange.response.headers, given.response, exchange, groups);
      },
    };
  },
});

function edit(headers: PluginHeaders, edits: Edits, exchange: PluginExchange, groups: Groups): void {
  for (const name of edits.remove) {
    if (name.endsWith('*')) removeAll(headers, name.slice(0, -1));
    else deleteWithLookalikes(headers, name);
  }
  for (const [name, each] of Object.entries(edits.set)) {
    const value = render(each, exchange, groups);
    deleteWithLookalikes(headers, name);
    if (value !== '') headers.set(name, value);
  }
  for (const [name, each] of Object.entries(edits.add)) {
    const value = render(each, exchange, groups);
    if (value !== '') headers.append(name, value);
  }
  for (const [name, each] of Object.entries(edits.setIfMissing)) {
    if (headers.has(name)) continue;
    const value = render(each, exchange, groups);
    if (value !== '') headers.set(name, value);
  }
}

function removeAll(headers: PluginHeaders, beginning: string): void {
  const names = new Set([...headers].map(([name]) => name.toLowerCase()));
  for (const name of names) if (name.startsWith(beginning)) deleteIfAllowed(headers, name);
}
