/** No further request of a call is begun after this: so the call may last this much longer than one request. */
export const MAX_BATCH_MS = 2;
/** Of the JSON that a call returns: headers, paths and log fields fit many times, and reading it takes the host a few ms at most. */
export const MAX_JSON_LENGTH = 64 * 2 ** 10;
/** Of `respond`, as UTF-8. */
export const MAX_BODY_BYTES = 2 ** 20;
/** JSON, then a line feed and the body for `respond`. */
export const MAX_RESULT_LENGTH = MAX_JSON_LENGTH + 1 + MAX_BODY_BYTES;
/** Of the results of one call with several requests, the last one's not counted. */
export const MAX_RESULTS_LENGTH = 64 * 2 ** 10;
/** Of the body of a `respond` that recurs and so crosses as a number: the host keeps up to a thousand decisions of a script. */
export const MAX_KNOWN_BODY_LENGTH = 4 * 2 ** 10;
/** Of a key for a scheduler: what is behind does not count. */
export const MAX_KEY_LENGTH = 4096;
/** In one result: each change looks at all fields of the message. */
export const MAX_FIELDS = 1000;

/** That a script writes to the log. */
export const MAX_LINE_LENGTH = 2100;

/** What stands in the place of a longer result. */
export const TOO_LONG = '["fault","what the script returned is too long",""]';
