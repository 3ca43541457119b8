import { expect, test } from "vitest";
import { formatAddress, isLoopback, parseAddress } from "./address.ts";

test.each(["127.0.0.1:7443", "[::1]:7443", "fed.example.org:0", "localhost:65535"])("%s reads as written", (text) => {
  expect(formatAddress(parseAddress(text))).toBe(text);
});

test.each(["", "host", ":1", "host:", "host:65536", "host:-1", "::1:7443", "a b:1", "host:1x", "http://host:1"])(
  "%o is no address",
  (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  },
);

test("loopback is 127.0.0.0/8, ::1 and localhost, and no name that starts like it", () => {
  const loopback = ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"];
  const remote = ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "127.example.org:1", "localhost.example.org:1"];
  expect(loopback.map(isLoopback)).toEqual([true, true, true, true]);
  expect(remote.map(isLoopback)).toEqual([false, false, false, false, false]);
});
