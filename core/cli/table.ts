import { printable } from './printable.ts';

export type Cell = string | number;

/** Columns as wide as they need to be, numbers to the right; empty without rows. */
export function table(head: readonly string[], cells: readonly (readonly Cell[])[]): string {
  if (cells.length === 0) return '';
  const rows = cells.map((row) => row.map((cell) => (typeof cell === 'string' ? printable(cell) : cell)));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (row: readonly Cell[], numbers: readonly boolean[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numbers[column] === true ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const numbers = head.map((_, column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] === '-'),
  );
  return [line(head, numbers), ...rows.map((row) => line(row, numbers))].join('\n');
}
