export type Cell = string | number;

/** Columns as wide as they need to be, numbers to the right; empty without rows. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly Cell[], numbers: readonly boolean[]): string =>
    cells
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
