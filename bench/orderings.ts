import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CellRun } from "../simulations/lab/job/result.ts";
import { NO_ATTACK } from "../simulations/lab/report/labels.ts";
import type { Report } from "../simulations/lab/report/report.ts";
import { type Point, pointsOf, type Spread, spreadOf } from "../simulations/lab/report/summary.ts";
import { BUCKETED, PUBLISHED_BACKDOORS, PUBLISHED_BUCKETING, PUBLISHED_MOMENTUM } from "./published.ts";
import { endOf, table } from "./report.ts";

/**
 * What papers found, asked of our own runs of the scenarios: reads the report.json that `holdfast matrix` left for each of
 * them (in `--folder`, by default holdfast-lab) and says of every ordering whether it holds, with our figures. `--study`
 * asks one of them, or several, in place of all.
 */
const { values: options } = parseArgs({
  options: {
    folder: { type: "string", default: "holdfast-lab" },
    study: { type: "string", multiple: true },
    json: { type: "boolean" },
    write: { type: "boolean" },
  },
});

/** A point of a report by the labels it has there; those that a grid has only one of need no saying. */
type Where = Partial<Pick<Point, "attack" | "defence" | "partition" | "numByzantine">>;

interface Ordering {
  readonly claim: string;
  /** The published figures. */
  readonly published?: string;
  /** Figures of ours, or what they are held against. */
  readonly greater: Spread | number;
  readonly less: Spread | number;
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
    return new Runs(JSON.parse(await readFile(join(options.folder, name, "report.json"), "utf8")) as Report);
  }

  accuracy(where: Where): Spread {
    return this.#figure(where, ({ accuracy }) => accuracy);
  }

  /** Of the model of that round, or of the last one before it that was judged. */
  accuracyAfter(round: number, where: Where): Spread {
    const judged = ({ rounds }: CellRun) => rounds.filter((it) => it.round <= round && it.accuracy !== null);
    return this.#figure(where, (run) => judged(run).at(-1)?.accuracy ?? null);
  }

  /** The greatest of any round, which for an attack that stops is before it did. */
  greatestSuccess(where: Where): Spread {
    return this.#figure(where, ({ rounds }) => Math.max(...rounds.map((it) => it.attackSuccess ?? 0)));
  }

  /** Under the attack that leaves the least. */
  worst(where: Where): Spread {
    const attacked = this.#points.filter((it) => matches(it, where) && it.attack !== NO_ATTACK);
    if (attacked.length === 0) throw new Error(`no attack for ${JSON.stringify(where)}`);
    const [worst] = attacked.map(({ attack }) => this.accuracy({ ...where, attack })).sort((a, b) => a.mean - b.mean);
    return worst as Spread;
  }

  /** Over the seeds; all of them must have run to the end. */
  #figure(where: Where, of: (run: CellRun) => number | null): Spread {
    const [point, ...others] = this.#points.filter((it) => matches(it, where));
    if (point === undefined || others.length > 0) throw new Error(`not one point for ${JSON.stringify(where)}`);
    const figure = spreadOf(point.runs.map(of));
    const isWhole = point.runs.every(({ outcome }) => outcome === "completed") && figure?.count === point.runs.length;
    if (figure === undefined || !isWhole) throw new Error(`${JSON.stringify(where)} did not run to its end`);
    return figure;
  }
}

const matches = (point: Point, where: Where) =>
  (Object.keys(where) as (keyof Where)[]).every((key) => point[key] === where[key]);

const IPM = "InnerProductManipulation(tau 0.1)";

/** Published accuracies that are nearer one another order nothing: their seeds differ by as much. */
const ALIKE = 0.005;

interface Figure {
  readonly name: string;
  readonly published: number;
  readonly here: Spread;
}

/** The published ordering of two figures, if they have one. */
function orderingOf(about: string, ...[first, second]: readonly [Figure, Figure]): Ordering[] {
  if (Math.abs(first.published - second.published) < ALIKE) return [];
  const [greater, less] = first.published > second.published ? [first, second] : [second, first];
  return [
    {
      claim: `${about}: ${greater.name} is better than ${less.name}`,
      published: `${greater.published.toFixed(3)} > ${less.published.toFixed(3)}`,
      greater: greater.here,
      less: less.here,
    },
  ];
}

async function bucketing(): Promise<Ordering[]> {
  const [runs, withMomentum] = [await Runs.of("bucketing"), await Runs.of("bucketing-momentum")];
  const published = {
    [NO_ATTACK]: PUBLISHED_BUCKETING.none,
    Mimic: PUBLISHED_BUCKETING.Mimic,
    [IPM]: PUBLISHED_BUCKETING.InnerProductManipulation,
  };
  const ofBuckets = Object.entries(published).flatMap(([attack, figures]) =>
    BUCKETED.flatMap((rule) =>
      orderingOf(
        attack === NO_ATTACK ? "no attack" : attack,
        { name: rule, published: figures[rule].plain, here: runs.accuracy({ attack, defence: rule }) },
        {
          name: `bucketing before ${rule}`,
          published: figures[rule].bucketed,
          here: runs.accuracy({ attack, defence: `Bucketing+${rule}` }),
        },
      ),
    ),
  );
  const ofMomentum = BUCKETED.flatMap((rule) => {
    const { bucketed } = PUBLISHED_BUCKETING.InnerProductManipulation[rule];
    const where = { attack: IPM, defence: `Bucketing+${rule}` };
    return orderingOf(
      `${IPM}, bucketing before ${rule}`,
      { name: "no client momentum", published: bucketed, here: runs.accuracy(where) },
      { name: "client momentum", published: PUBLISHED_MOMENTUM[rule], here: withMomentum.accuracy(where) },
    );
  });
  return [...ofBuckets, ...ofMomentum];
}

async function robustnessMap(): Promise<Ordering[]> {
  const runs = await Runs.of("robustness-map");
  const [alike, unlike] = ["gamma 1", "gamma 0"];
  const [few, many] = [1, 6];
  const rules = ["TrimmedMean", "GeometricMedian"];
  return [
    ...rules
      .flatMap((rule) => [`Clip+NNM+${rule}`, `ARC+NNM+${rule}`])
      .flatMap((defence) => [
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
    ...rules.map((rule) => ({
      claim: `worst attack, ${unlike}, f = ${many}: ARC before NNM+${rule} does better than clipping to a fixed norm`,
      greater: runs.worst({ defence: `ARC+NNM+${rule}`, partition: unlike, numByzantine: many }),
      less: runs.worst({ defence: `Clip+NNM+${rule}`, partition: unlike, numByzantine: many }),
    })),
  ];
}

/** The attack's last round in backdoor.yaml. */
const HEIGHT = 20;
const SETTINGS = "(target 7, share 0.5)";
const [PIXELS, REPLACEMENT] = [`PixelBackdoor${SETTINGS}`, `ModelReplacement${SETTINGS}`];

async function backdoor(): Promise<Ordering[]> {
  const runs = await Runs.of("backdoor");
  const unseen = ["FedAvg", "TrimmedMean", "NNM+TrimmedMean"].map((defence) => ({
    claim: `${PIXELS} against ${defence}: accuracy at the attack's height is within 0.05 of that with no attack`,
    ...(defence === "FedAvg" && { published: `within ${PUBLISHED_BACKDOORS.cleanAccuracyLost}` }),
    greater: runs.accuracyAfter(HEIGHT, { attack: PIXELS, defence }),
    less: runs.accuracyAfter(HEIGHT, { attack: NO_ATTACK, defence }).mean - 0.05,
  }));
  const learnt = [PIXELS, REPLACEMENT].map((attack) => ({
    claim: `${attack} against FedAvg: more than half of the stamped images are taken for a 7 at some time`,
    published: `${attack === PIXELS ? PUBLISHED_BACKDOORS.stamped : PUBLISHED_BACKDOORS.replaced}`,
    greater: runs.greatestSuccess({ attack, defence: "FedAvg" }),
    less: 0.5,
  }));
  const replaced = {
    claim: `${REPLACEMENT}: FedAvg takes more stamped images for a 7 than it does after clipping norms`,
    greater: runs.greatestSuccess({ attack: REPLACEMENT, defence: "FedAvg" }),
    less: runs.greatestSuccess({ attack: REPLACEMENT, defence: "NormClipping+FedAvg" }),
  };
  return [...unseen, ...learnt, replaced];
}

const STUDIES: readonly Study[] = [
  { name: "bucketing", source: "Karimireddy, He and Jaggi 2022", orderings: bucketing },
  { name: "robustness-map", source: "Allouah et al. 2023 (NNM) and 2024 (ARC)", orderings: robustnessMap },
  { name: "backdoor", source: "Gu et al. 2017, Bagdasaryan et al. 2020, Sun et al. 2019", orderings: backdoor },
];

const meanOf = (figure: Spread | number) => (typeof figure === "number" ? figure : figure.mean);

/** The mean, and the least and greatest of the seeds. */
function textOf(figure: Spread | number): string {
  if (typeof figure === "number") return figure.toFixed(3);
  const { mean, min, max, count } = figure;
  return count === 1 ? mean.toFixed(3) : `${mean.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)}, ${count} seeds)`;
}

const unknown = options.study?.find((name) => STUDIES.every((it) => it.name !== name));
if (unknown !== undefined) throw new Error(`no study ${unknown}: there are ${STUDIES.map((it) => it.name).join(", ")}`);
for (const { name, source, orderings } of STUDIES.filter((it) => options.study?.includes(it.name) ?? true)) {
  const asked = await orderings();
  const rows = asked.map(({ claim, published, greater, less }) => [
    claim,
    published ?? "no figure at hand",
    textOf(greater),
    textOf(less),
    meanOf(greater) > meanOf(less) ? "holds" : "**does not hold**",
  ]);
  const head = ["published ordering", "published", "here: should be greater", "than", ""];
  const text = `### ${name}: ${source}\n\n${table(head, rows)}`;
  await endOf(`orderings-${name}`, text, { source, orderings: asked });
}
