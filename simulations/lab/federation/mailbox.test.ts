import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { mailbox } from "./mailbox.ts";

async function read(box: { readonly messages: AsyncIterable<string> }, seen: (message: string) => Promise<void>) {
  for await (const message of box.messages) await seen(message);
}

test("what a reader does at once with a message is done before the next reader wakes", async () => {
  const [first, second] = [mailbox<string>(), mailbox<string>()];
  const done: string[] = [];
  const slowly = async (message: string) => {
    for (let step = 0; step < 5; step++) await Promise.resolve();
    done.push(`${message} done`);
  };
  const readers = [read(first, slowly), read(second, async (message) => void done.push(`${message} seen`))];
  await nextTurn();
  first.put("a");
  second.put("b");
  expect(done).toEqual([]);
  await nextTurn();
  await nextTurn();
  expect(done).toEqual(["a done", "b seen"]);
  first.put("c");
  first.close();
  second.close();
  await Promise.all(readers);
  expect(done).toEqual(["a done", "b seen", "c done"]);
});
