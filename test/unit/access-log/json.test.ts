import { expect, test } from 'vitest';
import { formatJson } from '../../../core/worker/access-log-format.ts';
import { connectionEntry, entry } from './support.ts';

test('an entry is one line of JSON with every field', () => {
  const line = formatJson({ ...entry, fields: { tenant: 'a', cached: true, score: 0.5 } });
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({ ...entry, fields: { tenant: 'a', cached: true, score: 0.5 } });
});

test('so is one of a connection, with a hostile server name', () => {
  const hostile = { ...connectionEntry, serverName: 'a\r\n\x9b"' };
  const line = formatJson(hostile);
  expect(line.slice(0, -1)).not.toMatch(/[^\x20-\x7e]/);
  expect(JSON.parse(line)).toEqual(hostile);
});

test('hostile values stay one line, obey no terminal, and read back as they were', () => {
  const hostile = {
    ...entry,
    target: '/\x9b31m\x7f\u2028\x85"\\',
    userAgent: 'a\r\n{"status":200}\x1b[2J\0',
    fields: { 'a\nb': '\u2029' },
  };
  const line = formatJson(hostile);
  expect(line.slice(0, -1)).not.toMatch(/[^\x20-\x7e]/);
  expect(JSON.parse(line)).toEqual(hostile);
});
