import { expect, test } from "vitest";
import { printable } from "./text.ts";

test("a stranger's text cannot move the cursor, break a line or turn the writing around", () => {
  expect(printable("ok \u001b[2J\r\nline \u202e\u2028\u0000")).toBe("ok  [2J  line    ");
  expect(printable("Krankenhaus Köln, 数据")).toBe("Krankenhaus Köln, 数据");
  expect(printable("x".repeat(10_000))).toHaveLength(500);
});
