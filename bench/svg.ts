/** Just enough SVG for bars and dots, in few bytes. Colours can be told apart by those who see few of them (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9'] as const;

export function colour(i: number): string {
  return COLOURS[i % COLOURS.length] ?? '#000';
}

export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

export function text(
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'end' | 'middle' = 'start',
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${content}</text>`;
}

export function bar(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;
}

export function dashed(x: number, y: number, width: number, height: number): string {
  return `<path d="M${round(x)} ${round(y)}l${round(width)} ${round(height)}" stroke="#000" stroke-dasharray="3 3"/>`;
}

/** A short upright stroke at each of these places. */
export function ticks(
  places: readonly (readonly [x: number, y: number])[],
  height: number,
  stroke: string,
): string {
  const path = places.map(([x, y]) => `M${round(x)} ${round(y)}v${height}`).join('');
  return `<path d="${path}" stroke="${stroke}" stroke-width="3"/>`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
