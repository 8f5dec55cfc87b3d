/** What the bench's backend answers with Cache-Control, and with a field that is another one each time: who has it twice has it from a cache. */
export const cacheablePath = '/cacheable';
export const cacheControl = 'max-age=86400';
export const answerIdField = 'X-Answer-Id';
