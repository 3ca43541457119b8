const MAX_LENGTH = 500;

/** Text of a stranger as it may be logged and shown: no control or formatting characters, bounded length. */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}
