import type { LabData } from "./lab-data.ts";
import { type DataSettings, openData } from "./settings.ts";

/** Opens data sets as openData does; the last one stays open, as whoever asks next mostly asks for the same. */
export function lastData(open: typeof openData = openData): typeof openData {
  let last: { readonly key: string; readonly data: Promise<LabData> } | undefined;
  return (settings: DataSettings, baseFolder: string) => {
    const key = JSON.stringify([settings, baseFolder]);
    if (last?.key === key) return last.data;
    const opened = { key, data: open(settings, baseFolder) };
    last = opened;
    // what is missing now may be there when it is asked for again
    opened.data.catch(() => {
      if (last === opened) last = undefined;
    });
    return opened.data;
  };
}
