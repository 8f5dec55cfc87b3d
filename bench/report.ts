import { passes, type Bar, type Section } from './bench.ts';

function barLine(bar: Bar): string {
  const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(2));
  return `${passes(bar) ? 'PASS' : 'FAIL'}  ${bar.what}: ${number(bar.measured)} ${bar.unit} (at most ${number(bar.most)} ${bar.unit})`;
}

/** A section as Markdown, which is also what the terminal shows. */
export function renderSection(section: Section): string {
  const { head, rows } = section.table;
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const parts = [`## ${section.title}`, section.method, [line(head), rule, ...rows.map(line)].join('\n')];
  if (section.bars.length > 0) parts.push(section.bars.map((bar) => `- ${barLine(bar)}`).join('\n'));
  if (section.notes.length > 0) parts.push(section.notes.map((note) => `- ${note}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}
