/** 127.1.0.1, 127.1.0.2, … 127.1.1.1, …: 250 in each network. */
export function addressOf(index: number): string {
  return `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}
