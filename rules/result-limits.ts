/** Of the JSON that a call returns: headers, paths and log fields fit many times, and reading it takes the host a few ms at most. */
export const MAX_JSON_LENGTH = 64 * 2 ** 10;
/** Of `respond`, as UTF-8. */
export const MAX_BODY_BYTES = 2 ** 20;
/** JSON, then a line feed and the body for `respond`. */
export const MAX_RESULT_LENGTH = MAX_JSON_LENGTH + 1 + MAX_BODY_BYTES;
/** In one result: each change looks at all fields of the message. */
export const MAX_FIELDS = 1000;
