const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = String.raw`\d\d:\d\d:\d\d`;
/** RFC 9110 5.6.7: the form of today and RFC 850's, which say GMT. */
const WITH_ZONE = new RegExp(
  String.raw`^(?:${DAY}, \d\d ${MONTH} \d{4}|${LONG_DAY}, \d\d-${MONTH}-\d\d) ${TIME} GMT$`,
);
/** The form of asctime, which is GMT, too. */
const WITHOUT_ZONE = new RegExp(String.raw`^${DAY} ${MONTH} [ \d]\d ${TIME} \d{4}$`);

/** → ms since 1970; null: it is none, and to be left alone. */
export function readHttpDate(field: string): number | null {
  const text = WITHOUT_ZONE.test(field) ? `${field} GMT` : field;
  if (text === field && !WITH_ZONE.test(field)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}
