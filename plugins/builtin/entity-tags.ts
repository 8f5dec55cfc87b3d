/** RFC 9110 8.8.3 */
const TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
const TAGS = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

export function isEntityTag(text: string): boolean {
  return TAG.test(text);
}

export function weaken(tag: string): string {
  return tag.startsWith('W/') ? tag : `W/${tag}`;
}

/** The tags that If-Match or If-None-Match names; `'*'`: any. */
export function readTags(field: string): readonly string[] | '*' {
  return field.trim() === '*' ? '*' : (field.match(TAGS) ?? []);
}

/** RFC 9110 8.8.3.2: weak comparison. */
export function isSameContent(tags: readonly string[] | '*', tag: string): boolean {
  return tags === '*' || tags.some((each) => weaken(each) === weaken(tag));
}

/** RFC 9110 8.8.3.2: strong comparison. */
export function isSameBytes(tags: readonly string[] | '*', tag: string): boolean {
  return tags === '*' || (!tag.startsWith('W/') && tags.includes(tag));
}
