import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { NO_ATTACK } from "../simulations/lab/report/labels.ts";
import type { Report } from "../simulations/lab/report/report.ts";
import { type Point, pointsOf } from "../simulations/lab/report/summary.ts";
import { endOf, table } from "./report.ts";

/**
 * What papers found, asked of our own runs of the scenarios: reads the report.json that `holdfast matrix` left for each of
 * them (in `--folder`, by default holdfast-lab) and says of every ordering whether it holds, with our figures.
 */
const place = process.argv.indexOf("--folder");
const FOLDER = place === -1 ? "holdfast-lab" : (process.argv[place + 1] ?? "");

/** A point of a report by the labels it has there; those that a grid has only one of need no saying. */
type Where = Partial<Pick<Point, "attack" | "defence" | "partition" | "numByzantine">>;

interface Ordering {
  readonly claim: string;
  readonly greater: number;
  readonly less: number;
}

interface Study {
  readonly name: string;
  readonly source: string;
  readonly orderings: () => Promise<readonly Ordering[]>;
}

class Runs {
  readonly #points: readonly Point[];

  constructor(report: Report) {
    this.#points = pointsOf(report.results);
  }

  static async of(name: string): Promise<Runs> {
    return new Runs(JSON.parse(await readFile(join(FOLDER, name, "report.json"), "utf8")) as Report);
  }

  accuracy(where: Where): number {
    return this.#only(where).accuracy?.mean ?? Number.NaN;
  }

  /** The greatest of any round, which for an attack that stops is before it did; the mean over seeds. */
  greatestSuccess(where: Where): number {
    const { runs } = this.#only(where);
    const greatest = runs.map(({ rounds }) => Math.max(...rounds.map((it) => it.attackSuccess ?? 0)));
    return greatest.reduce((sum, it) => sum + it, 0) / greatest.length;
  }

  /** The least accuracy over all attacks. */
  worst(where: Where): number {
    const attacked = this.#points.filter((it) => matches(it, where) && it.attack !== NO_ATTACK);
    return Math.min(...attacked.map((it) => it.accuracy?.mean ?? Number.NaN));
  }

  #only(where: Where): Point {
    const found = this.#points.filter((it) => matches(it, where));
    if (found.length !== 1) throw new Error(`${found.length} points for ${JSON.stringify(where)}`);
    return found[0] as Point;
  }
}

const matches = (point: Point, where: Where) =>
  (Object.keys(where) as (keyof Where)[]).every((key) => point[key] === where[key]);

const IPM = "InnerProductManipulation(tau 0.1)";
const BUCKETED = ["Krum", "Median", "GeometricMedian", "CenteredClipping"] as const;

async function bucketing(): Promise<Ordering[]> {
  const [plain, momentum] = [await Runs.of("bucketing"), await Runs.of("bucketing-momentum")];
  const helps = (attack: string) =>
    BUCKETED.map((rule) => ({
      claim: `${attack === NO_ATTACK ? "no attack" : attack}: bucketing before ${rule} is better than ${rule}`,
      greater: plain.accuracy({ attack, defence: `Bucketing+${rule}` }),
      less: plain.accuracy({ attack, defence: rule }),
    }));
  const momentumHelps = BUCKETED.map((rule) => ({
    claim: `${IPM}: bucketing before ${rule} is better with client momentum than without`,
    greater: momentum.accuracy({ attack: IPM, defence: `Bucketing+${rule}` }),
    less: plain.accuracy({ attack: IPM, defence: `Bucketing+${rule}` }),
  }));
  return [...helps(NO_ATTACK), ...helps("Mimic"), ...helps(IPM), ...momentumHelps];
}

async function robustnessMap(): Promise<Ordering[]> {
  const runs = await Runs.of("robustness-map");
  const [alike, unlike] = ["gamma 1", "gamma 0"];
  const [few, many] = [1, 6];
  const [clip, arc] = ["Clip+NNM+TrimmedMean", "ARC+NNM+TrimmedMean"];
  return [
    ...[clip, arc, "ARC+NNM+GeometricMedian"].flatMap((defence) => [
      {
        claim: `worst attack, ${unlike}: ${defence} does better with f = ${few} than with f = ${many}`,
        greater: runs.worst({ defence, partition: unlike, numByzantine: few }),
        less: runs.worst({ defence, partition: unlike, numByzantine: many }),
      },
      {
        claim: `worst attack, f = ${many}: ${defence} does better on ${alike} than on ${unlike}`,
        greater: runs.worst({ defence, partition: alike, numByzantine: many }),
        less: runs.worst({ defence, partition: unlike, numByzantine: many }),
      },
    ]),
    {
      claim: `worst attack, ${unlike}, f = ${many}: ARC does better than clipping to a fixed norm`,
      greater: runs.worst({ defence: arc, partition: unlike, numByzantine: many }),
      less: runs.worst({ defence: clip, partition: unlike, numByzantine: many }),
    },
  ];
}

async function backdoor(): Promise<Ordering[]> {
  const runs = await Runs.of("backdoor");
  return ["FedAvg", "TrimmedMean", "NNM+TrimmedMean", "MultiKrum"].flatMap((defence) => [
    {
      claim: `PixelBackdoor against ${defence}: accuracy stays within 0.05 of that with no attack`,
      greater: runs.accuracy({ attack: "PixelBackdoor", defence }),
      less: runs.accuracy({ attack: NO_ATTACK, defence }) - 0.05,
    },
    {
      claim: `PixelBackdoor against ${defence}: more than half of the stamped images are taken for a 7 at the attack's height`,
      greater: runs.greatestSuccess({ attack: "PixelBackdoor", defence }),
      less: 0.5,
    },
  ]);
}

const STUDIES: readonly Study[] = [
  { name: "bucketing", source: "Karimireddy, He and Jaggi 2022", orderings: bucketing },
  { name: "robustness map", source: "Allouah et al. 2023 (NNM) and 2024 (ARC)", orderings: robustnessMap },
  { name: "backdoor", source: "Bagdasaryan et al. 2020", orderings: backdoor },
];

const studied = await Promise.all(STUDIES.map(async (it) => ({ ...it, orderings: await it.orderings() })));
const text = studied.map(({ name, source, orderings }) => {
  const rows = orderings.map(({ claim, greater, less }) => [
    claim,
    greater.toFixed(3),
    less.toFixed(3),
    greater > less ? "holds" : "**does not hold**",
  ]);
  return `### ${name}: ${source}\n\n${table(["published ordering", "should be greater", "than", "here"], rows)}`;
});
await endOf("orderings", text.join("\n\n"), { studied });
