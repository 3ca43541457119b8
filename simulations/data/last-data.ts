import type { LabData } from "./lab-data.ts";
import { type DataSettings, openData } from "./settings.ts";

/** Opens data sets as openData does; the last one stays open, as whoever asks next mostly asks for the same. */
export function lastData(): typeof openData {
  let last: { readonly key: string; readonly data: Promise<LabData> } | undefined;
  return (settings: DataSettings, baseFolder: string) => {
    const key = JSON.stringify([settings, baseFolder]);
    if (last?.key !== key) last = { key, data: openData(settings, baseFolder) };
    return last.data;
  };
}
