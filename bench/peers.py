"""What others compute, timed beside ours: python3 peers.py MATRIX.npy NUM_BYZANTINE

One JSON line says who is here; then, for every name read from standard input, one line says how long it took. One
thread. A name that is not known here (torch is not installed) is answered with null seconds.
"""

import json
import os
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  (the number of threads is read when it is loaded)

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None


def double_loop_krum(x, f):
    """Every distance by itself, from each update to each other."""
    n = len(x)
    distances = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            distances[i, j] = np.linalg.norm(x[i] - x[j]) ** 2
    scores = np.sort(distances, axis=1)[:, 1 : n - f - 1].sum(axis=1)
    return x[np.argmin(scores)]


def numpy_peers(x, f):
    n = len(x)

    def sorted_columns():
        return np.sort(x, axis=0)

    def sorted_transposed():
        return np.sort(np.ascontiguousarray(x.T), axis=1)

    middle = slice((n - 1) // 2, n // 2 + 1)
    return {
        "numpy sort, trimmed mean": lambda: sorted_columns()[f : n - f].mean(axis=0),
        "numpy transpose and sort, trimmed mean": lambda: sorted_transposed()[:, f : n - f].mean(axis=1),
        "numpy sort, median": lambda: sorted_columns()[middle].mean(axis=0),
        "numpy transpose and sort, median": lambda: sorted_transposed()[:, middle].mean(axis=1),
        "numpy.median": lambda: np.median(x, axis=0),
        "numpy x @ x.T": lambda: x @ x.T,
        "numpy double-loop Krum": lambda: double_loop_krum(x, f),
        "memory read": lambda: x.reshape(-1).view(np.uint64).sum(),
    }


def torch_peers(x, f):
    if torch is None:
        return {}
    n = len(x)
    t = torch.from_numpy(x)
    return {
        "torch.sort, trimmed mean": lambda: torch.sort(t, dim=0).values[f : n - f].mean(dim=0),
        "torch.median": lambda: torch.median(t, dim=0).values,
        "torch.cdist": lambda: torch.cdist(t, t),
    }


def main():
    matrix, num_byzantine = sys.argv[1], int(sys.argv[2])
    x = np.load(matrix)
    peers = {**numpy_peers(x, num_byzantine), **torch_peers(x, num_byzantine)}
    versions = {"python": sys.version.split()[0], "numpy": np.__version__}
    if torch is not None:
        versions["torch"] = torch.__version__
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        peer = peers.get(line.strip())
        started = time.perf_counter()
        if peer is not None:
            peer()
        seconds = None if peer is None else time.perf_counter() - started
        print(json.dumps({"name": line.strip(), "seconds": seconds}), flush=True)


main()
