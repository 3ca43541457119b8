#!/usr/bin/env python3
"""A Holdfast command trainer in plain Python and NumPy: the built-in models softmax and mlp on IDX files.

holdfast runs it once per task; the environment names the files (see README.md beside this one).
"""

import argparse
import json
import os
import struct

import numpy as np


def read_idx(path):
    """An IDX file of unsigned bytes as an array."""
    with open(path, "rb") as file:
        zeros, kind, dimensions = struct.unpack(">HBB", file.read(4))
        if zeros != 0 or kind != 0x08:
            raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
        shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def read_safetensors(path):
    """name -> float32 array. The format: header length (u64), header (JSON), values."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy()
    return tensors


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        end = offset + 4 * values.size
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values, "<f4").tobytes())


def batches(count, size, rng):
    """Epoch after epoch, each a fresh permutation, cut into batches across the seams."""
    size, order = min(size, count), np.empty(0, np.int64)
    while True:
        if len(order) < size:
            order = np.concatenate([order, rng.permutation(count)])
        yield order[:size]
        order = order[size:]


def loss_and_gradients(weights, x, labels):
    """Mean softmax cross-entropy and its gradients; dense layers in order, ReLU between them."""
    names = [name[: -len("/kernel")] for name in weights if name.endswith("/kernel")]
    outputs = [x]
    for name in names:
        z = outputs[-1] @ weights[f"{name}/kernel"] + weights.get(f"{name}/bias", np.float32(0))
        outputs.append(z if name == names[-1] else np.maximum(z, 0))
    logits = outputs.pop()
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    dz = np.exp(log_softmax)
    dz[rows, labels] -= 1
    dz /= len(labels)
    gradients = {}
    for name in reversed(names):
        a = outputs.pop()
        gradients[f"{name}/kernel"] = a.T @ dz
        gradients[f"{name}/bias"] = dz.sum(axis=0)
        dz = (dz @ weights[f"{name}/kernel"].T) * (a > 0)
    return -log_softmax[rows, labels].mean(), gradients


def train(weights, images, labels, local, rng):
    """SGD with momentum that starts at zero in each round; returns the mean loss of the steps."""
    velocity = {name: np.zeros_like(values) for name, values in weights.items()}
    order, losses = batches(len(labels), local["batchSize"], rng), []
    for _ in range(local["steps"]):
        batch = next(order)
        x = images[batch].reshape(len(batch), -1).astype(np.float32) / 255
        loss, gradients = loss_and_gradients(weights, x, labels[batch])
        losses.append(float(loss))
        for name, values in weights.items():
            velocity[name] = local["momentum"] * velocity[name] + gradients[name]
            values -= local["learningRate"] * velocity[name]
    return float(np.mean(losses))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", required=True, help="IDX file of images")
    parser.add_argument("--labels", required=True, help="IDX file of labels")
    arguments = parser.parse_args()
    images, labels = read_idx(arguments.images), read_idx(arguments.labels)

    with open(os.environ["HOLDFAST_TASK"], encoding="utf-8") as file:
        task = json.load(file)
    base = read_safetensors(os.environ["HOLDFAST_BASE_MODEL"])
    weights = {tensor["name"]: base[tensor["name"]] for tensor in task["schema"]}
    rng = np.random.default_rng(int(task["batchSeed"], 16))

    loss = train(weights, images, labels, task["local"], rng)

    write_safetensors(os.environ["HOLDFAST_RESULT"], weights)
    with open(os.environ["HOLDFAST_METRICS"], "w", encoding="utf-8") as file:
        json.dump({"numExamples": len(labels), "metrics": {"loss": loss}}, file)


if __name__ == "__main__":
    main()
