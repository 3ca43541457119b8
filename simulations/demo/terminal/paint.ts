/** Colours text for a terminal, or leaves it as it is. */
export interface Paint {
  /** One of a terminal's 256 colours. */
  color(index: number, text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

const sgr = (code: string, text: string) => `\u001b[${code}m${text}\u001b[0m`;

export function paint(isColored: boolean): Paint {
  if (!isColored) return { color: (_index, text) => text, bold: (text) => text, dim: (text) => text };
  return {
    color: (index, text) => sgr(`38;5;${index}`, text),
    bold: (text) => sgr("1", text),
    dim: (text) => sgr("2", text),
  };
}
