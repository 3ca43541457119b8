import { move, transferableSymbol, valueSymbol } from "piscina";
import { FederationError } from "../../../core/errors.ts";
import { lastData } from "../../data/last-data.ts";
import { withoutRoot } from "../job/root-dataset.ts";
import { sharesOf } from "../job/shares.ts";
import type { Training } from "./training.ts";
import { trainingHere } from "./training-here.ts";
import type { Order, Reply } from "./training-threads.ts";

// The thread behind training-threads.ts.

interface Open {
  readonly federation: string;
  readonly training: Promise<Training>;
  /** Of what training has taken, what was told already. */
  toldMs: number;
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
  const openTraining = async ({ cell, baseFolder }: Order): Promise<Training> => {
    const { data } = withoutRoot(cell, await dataOf(cell.data, baseFolder));
    return trainingHere(cell, { train: data.train, shares: sharesOf(cell, data.train) }, () => performance.now());
  };

  const openFor = (order: Order): Open => {
    if (open?.federation === order.federation) return open;
    open?.training.then((it) => it.close()).catch(() => undefined);
    open = { federation: order.federation, training: openTraining(order), toldMs: 0 };
    return open;
  };

  return async (order) => {
    const federation = openFor(order);
    try {
      const training = await federation.training;
      const update = await trained(await training.trainerOf(order.place, order.data), order);
      const busyMs = training.busyMs - federation.toldMs;
      federation.toldMs += busyMs;
      return { update, busyMs };
    } catch (error) {
      // on its way an error would lose its class
      const code = error instanceof FederationError ? error.code : "TRAINER_FAILED";
      return { failure: { code, message: error instanceof Error ? error.message : String(error) }, busyMs: 0 };
    }
  };
}

function trained(trainer: Awaited<ReturnType<Training["trainerOf"]>>, { task, cancelled }: Order) {
  const stop = new AbortController();
  const stopIfCancelled = () => {
    if (Atomics.load(cancelled, 0) !== 0) stop.abort();
  };
  stopIfCancelled();
  return trainer.train({ ...task, signal: stop.signal, progress: stopIfCancelled });
}
