import { expect, test } from "vitest";
import { closing } from "./closing.ts";

test("the last opened is closed first, and all are, also where one of them fails to", async () => {
  const closed: string[] = [];
  const opened = closing();
  opened.add(() => closed.push("first"));
  opened.add(async () => {
    throw new Error("stuck");
  });
  opened.add(async () => closed.push("last"));
  await expect(opened.close()).rejects.toThrow("stuck");
  expect(closed).toEqual(["last", "first"]);
  await opened.close();
  expect(closed).toHaveLength(2);
});
