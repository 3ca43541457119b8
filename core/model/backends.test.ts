import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { tf } from "./tensorflow.ts";

test("starts at the same moment find the same backend", async () => {
  const started = await Promise.all([startBackend(undefined), startBackend(undefined), startBackend("wasm")]);
  expect(started.map((it) => it.name)).toEqual([tf.getBackend(), tf.getBackend(), "wasm"]);
});

test("without a native library WebAssembly is the default, and the description says so", async () => {
  const { name, description } = await startBackend(undefined);
  expect(tf.getBackend()).toBe(name);
  if (name === "tensorflow") return;
  expect(name).toBe("wasm");
  expect(description).toBe(
    "TensorFlow.js 4.22.0, WebAssembly, one thread; @tensorflow/tfjs-node is not available here",
  );
});

test("one can be forced, and the description says by what", async () => {
  expect(await startBackend("cpu")).toEqual({
    name: "cpu",
    description: "TensorFlow.js 4.22.0, plain JavaScript, slow; chosen by HOLDFAST_BACKEND",
  });
  expect((await startBackend("wasm")).name).toBe("wasm");
});

test("an unknown name is refused, not replaced", async () => {
  await expect(startBackend("webgpu")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("the process keeps its own say over uncaught errors", async () => {
  const script = `
    const { startBackend } = await import("./core/model/backends.ts");
    await startBackend("wasm");
    process.stdout.write(String(process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection")));
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toBe("0");
});
