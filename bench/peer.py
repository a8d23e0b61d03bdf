"""PyTorch's side of `make bench`: one workload in a process of its own.  See run.py.

    peer.py NAME STATE THREADS PRECISION

Reads the weights and inputs that ours.lua wrote to STATE, then answers the same lines.  PRECISION is
float32, bfloat16 for PyTorch's own autocast, or the engine that runs the model, in float32: one of
peer_engines.py.
"""
import json
import resource
import struct
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

import peer_engines as engines
import peer_models as models

TYPES = {"F32": np.float32, "I64": np.int64, "U8": np.uint8, "BOOL": np.bool_}


def read(path):
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header, body = json.loads(file.read(size)), file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        array = np.frombuffer(body[first:last], TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors


def main():
    name, state, threads, precision = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    version = torch.__version__
    tensors = read(state)
    weights = {key[2:]: value for key, value in tensors.items() if key.startswith("w.")}
    x = {key[3:]: value for key, value in tensors.items() if key.startswith("in.")}
    for key in ("tokens", "label"):
        if key in x:
            x[key] = x[key] - 1  # vesper counts from 1
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16")

    if name.startswith("W7"):
        def step():
            with torch.no_grad():
                scores = F.normalize(x["queries"]) @ F.normalize(x["gallery"]).t()
                return scores.topk(10)

        def check():
            scores, places = step()
            return (places[:2] + 1).flatten().tolist() + [scores.sum().item()]
    else:
        model, run = models.build(name, x)
        model.load_state_dict(weights, strict=True)
        if name.startswith("W6"):
            model.eval()
            if precision in engines.ENGINES:
                run, version = engines.ENGINES[precision](run.func.eval(), run.args[0], int(threads))

            def step():
                with torch.no_grad(), autocast:
                    return run()

            def check():
                y = torch.as_tensor(step()).float().flatten()
                return y[:8].tolist() + [y.abs().sum().item()]
        else:
            model.train()
            optimizer = torch.optim.Adam(model.parameters(), 1e-4)

            def step():
                with autocast:
                    loss = run()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
                optimizer.step()
                return loss

            def check():
                model.train(models.RATE == 0)
                losses = [step().item() for _ in range(3)]
                model.train()
                return losses

    print("ready", version, flush=True)
    for line in sys.stdin:
        command, *rest = line.split()
        if command == "check":
            print(*(f"{number:.9g}" for number in check()), flush=True)
        elif command == "time":
            seconds = []
            for _ in range(int(rest[0])):
                start = time.perf_counter()
                step()
                seconds.append(time.perf_counter() - start)
            print(*(f"{s:.7f}" for s in seconds), flush=True)
        elif command == "memory":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)


main()
