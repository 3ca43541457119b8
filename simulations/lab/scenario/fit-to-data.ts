import { isBuiltin } from "../../../core/plan.ts";
import { type DataShape, modelShape } from "../job/lab-plan.ts";
import type { Grid } from "./scenario.ts";

/** The grid with the model as it is trained: what a built-in one takes from the data, it says. */
export function fitToData(grid: Grid, data: DataShape): Grid {
  return isBuiltin(grid.model) ? { ...grid, model: { ...grid.model, ...modelShape(data) } } : grid;
}
