export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** What goes up and down. */
export function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return metric(name, 'gauge', help, samples);
}

/** What only goes up, but for restarts. */
export function counter(name: string, help: string, samples: readonly Sample[]): string {
  return metric(name, 'counter', help, samples);
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([label, value]) =>
      `${label}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
