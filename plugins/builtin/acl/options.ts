import { z } from 'zod';
import {
  addressRange,
  choice,
  fieldName,
  flag,
  integer,
  list,
  object,
  readText,
  text,
  wants,
} from '../fields.ts';

const LIST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const address = z.union(
  [
    readText('', (input) => (input.startsWith('@') ? { list: input.slice(1) } : undefined)),
    addressRange().transform((range) => ({ range })),
  ],
  { error: wants('an address, a range like "10.0.0.0/8", or "@NAME" for one of `lists`') },
);
const addresses = list(address, 10_000);

const answer = z.union(
  [
    z.literal('drop'),
    object({ status: integer(400, 599).default(403), text: z.string().max(65_536).default('Forbidden\n') }),
  ],
  { error: wants('"drop", or an object with `status` and `text`') },
);

const host = readText('a host name like "example.com" or "*.example.com"', (input) =>
  /^(?:\*\.)?[a-z0-9_.:[\]-]+$/i.test(input) ? input.toLowerCase() : undefined,
);

const path = readText('a path like "/status" or "/admin/*"', (input) =>
  /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(input) && !input.slice(0, -1).includes('*') ? input : undefined,
);

const rule = object({
  decision: choice(['allow', 'deny', 'log']),
  name: text('a name').max(100).optional(),
  addresses: addresses.optional(),
  countries: list(
    readText('a country like "DE", or "unknown"', (input) =>
      input === 'unknown' || /^[A-Z]{2}$/.test(input) ? input : undefined,
    ),
  ).optional(),
  methods: list(
    readText('a method like "GET"', (input) => (/^[A-Z]+(?:-[A-Z]+)*$/.test(input) ? input : undefined)),
  ).optional(),
  paths: list(path).optional(),
  hosts: list(host).optional(),
  serverNames: list(host).optional(),
  headers: z
    .record(fieldName(), z.union([z.string(), z.boolean()], { error: wants('a text, true or false') }), {
      error: wants('an object'),
    })
    .optional(),
  answer: answer.optional(),
});

export const options = object({
  rules: list(rule, 1000).default([]),
  deny: addresses.default([]),
  allow: addresses.default([]),
  default: choice(['allow', 'deny']).optional(),
  lists: z
    .record(
      z.string().regex(LIST_NAME, { error: wants('a name of letters, digits, ".", "_" and "-"') }),
      z.union([list(addressRange(), 10_000), object({ file: text('a path') })], {
        error: wants('a list of addresses, or an object with `file`'),
      }),
      { error: wants('an object') },
    )
    .default({}),
  countries: object({ file: text('a path') }).optional(),
  address: choice(['client', 'connection']).default('client'),
  answer: answer.default({ status: 403, text: 'Forbidden\n' }),
  dryRun: flag.default(false),
}).superRefine((given, context) => {
  const issue = (at: readonly PropertyKey[], message: string): void =>
    context.addIssue({ code: 'custom', path: [...at], message });
  if (given.rules.length > 0 && given.default === undefined) {
    issue(['default'], 'missing: with `rules`, say what is to happen where none decides: "allow" or "deny"');
  }
  const named = [
    ...given.rules.map((each, i) => ({ at: ['rules', i, 'addresses'], entries: each.addresses ?? [] })),
    { at: ['deny'], entries: given.deny },
    { at: ['allow'], entries: given.allow },
  ];
  for (const { at, entries } of named) {
    for (const [i, entry] of entries.entries()) {
      if ('list' in entry && !Object.hasOwn(given.lists, entry.list))
        issue([...at, i], `there is no list "${entry.list}" in \`lists\``);
    }
  }
  for (const [i, each] of given.rules.entries()) {
    if (each.countries !== undefined && given.countries === undefined)
      issue(['rules', i, 'countries'], 'says nothing without a database: give its path by `countries.file`');
  }
});

export type AclOptions = z.input<typeof options>;
export type Options = z.output<typeof options>;
export type RuleOptions = z.output<typeof rule>;
export type AddressOptions = z.output<typeof addresses>;
export type Answer = z.output<typeof answer>;
