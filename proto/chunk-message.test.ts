import { expect, test } from "vitest";
import { CHUNK_HEAD_BYTES, chunkMessage } from "./chunk-message.ts";
import type { UploadMessage } from "./generated/holdfast/v1/UploadMessage.ts";
import { loadWire } from "./load.ts";

const { UploadUpdate } = loadWire().v1.Participation.service;

test.each([0, 1, 127, 128, 1 << 20, 5e9, Number.MAX_SAFE_INTEGER])(
  "a chunk at %d is read as it was meant",
  (offset) => {
    for (const length of [1, 127, 128, 300, 1 << 16]) {
      const buffer = new Uint8Array(CHUNK_HEAD_BYTES + length).fill(7);
      const encoded = chunkMessage(buffer, offset, length);
      // a frame is gRPC's five bytes and the message
      expect((5 + encoded.length - length) % 4).toBe(0);
      const message = UploadUpdate.requestDeserialize(Buffer.from(encoded));
      expect(message).toMatchObject({ body: "chunk", chunk: { offset } });
      const { bytes } = (message as { chunk: { bytes: Uint8Array } }).chunk;
      expect(Buffer.compare(bytes, Buffer.alloc(length, 7))).toBe(0);
    }
  },
);

test("what is encoded leaves as it is, what is not is encoded", () => {
  const encoded = Buffer.from(chunkMessage(new Uint8Array(CHUNK_HEAD_BYTES + 3), 4, 3));
  expect(UploadUpdate.requestSerialize(encoded as UploadMessage)).toBe(encoded);
  const plain = UploadUpdate.requestSerialize({ chunk: { offset: 4, bytes: new Uint8Array(3) } });
  expect(UploadUpdate.requestDeserialize(plain)).toEqual(UploadUpdate.requestDeserialize(encoded));
});
