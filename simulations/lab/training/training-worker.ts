import { move, transferableSymbol, valueSymbol } from "piscina";
import type { Trainer } from "../../../client/index.ts";
import { FederationError } from "../../../core/errors.ts";
import { lastData } from "../../data/last-data.ts";
import { withoutRoot } from "../job/root-dataset.ts";
import { sharesOf } from "../job/shares.ts";
import type { Span } from "./time-covered.ts";
import type { Training } from "./training.ts";
import { trainingHere } from "./training-here.ts";
import type { Order, Reply } from "./training-threads.ts";

// The thread behind training-threads.ts.

interface Open {
  readonly federation: string;
  readonly training: Promise<Training>;
  /** By place and data: what an attack makes of data is made once. */
  readonly trainers: Map<string, Promise<Trainer>>;
  /** Of training that nobody was told of yet. */
  readonly spans: Span[];
}

const carryOut = federations();

/** The update's values are moved, not copied. */
export async function train(order: Order): Promise<unknown> {
  const reply = await carryOut(order);
  const buffers = "update" in reply ? [reply.update.delta.buffer] : [];
  return move({ [transferableSymbol]: buffers, [valueSymbol]: reply });
}

/** Carries out orders of one federation at a time: that of the latest order. */
function federations(): (order: Order) => Promise<Reply> {
  const dataOf = lastData();
  let open: Open | undefined;

  /** Data are opened and shared out as the federation's own thread does. */
  const openTraining = async ({ cell, baseFolder }: Order, spans: Span[]): Promise<Training> => {
    const { data } = withoutRoot(cell, await dataOf(cell.data, baseFolder));
    const examples = { train: data.train, shares: sharesOf(cell, data.train) };
    return trainingHere(cell, examples, timeOfAllThreads, (span) => void spans.push(span));
  };

  const openFor = (order: Order): Open => {
    if (open?.federation === order.federation) return open;
    open?.training.then((it) => it.close()).catch(() => undefined);
    const spans: Span[] = [];
    open = { federation: order.federation, training: openTraining(order, spans), trainers: new Map(), spans };
    return open;
  };

  const trainerFor = ({ training, trainers }: Open, { place, data }: Order): Promise<Trainer> => {
    const key = `${place} ${data}`;
    const trainer = trainers.get(key) ?? training.then((it) => it.trainerOf(place, data));
    trainers.set(key, trainer);
    return trainer;
  };

  return async (order) => {
    const federation = openFor(order);
    const { spans } = federation;
    try {
      const update = await trained(await trainerFor(federation, order), order);
      return { update, spans: spans.splice(0) };
    } catch (error) {
      // on its way an error would lose its class
      const code = error instanceof FederationError ? error.code : "TRAINER_FAILED";
      return {
        failure: { code, message: error instanceof Error ? error.message : String(error) },
        spans: spans.splice(0),
      };
    }
  };
}

const timeOfAllThreads = () => performance.timeOrigin + performance.now();

function trained(trainer: Trainer, { task, cancelled }: Order) {
  const stop = new AbortController();
  const stopIfCancelled = () => {
    if (Atomics.load(cancelled, 0) !== 0) stop.abort();
  };
  stopIfCancelled();
  stop.signal.throwIfAborted();
  return trainer.train({ ...task, signal: stop.signal, progress: stopIfCancelled });
}
