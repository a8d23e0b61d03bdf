"""PyTorch's side of `make bench-ops`: the ops of ops.lua.  See there and ops.py.

    python3 bench/ops_torch.py STATE THREADS
"""
import json
import struct
import sys
import time

import torch
from torch.nn import functional as F

torch.set_num_threads(int(sys.argv[2]))


def load(path):
    """The tensors of a safetensors file."""
    kinds = {"F32": torch.float32, "I64": torch.int64}
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=kinds[entry["dtype"]], offset=first,
                                count=(last - first) // kinds[entry["dtype"]].itemsize)
        found[name] = flat.reshape(entry["shape"]).clone()
    return found


t = load(sys.argv[1])
a, b = t["a"], t["b"]
for key in ("rows", "elements", "classes", "map_classes"):
    t[key] -= 1  # vesper counts from 1
mask, half = a > 0, a.bfloat16()
ops = {}


def add(name, fn):
    def call():
        with torch.no_grad():
            return fn()
    ops[name] = call


def back(name, x, fn):
    def call():
        z = x.detach().requires_grad_()
        fn(z).sum().backward()
        return z.grad
    ops[name + ", and back"] = call


add("add", lambda: a + b)
add("add a row", lambda: a + t["row"])
add("times a number", lambda: a * 2)
add("clamp", lambda: a.clamp(-1, 1))
add("where", lambda: torch.where(mask, a, b))
add("masked_fill", lambda: a.masked_fill(mask, 0))
for word in ("exp", "tanh", "sigmoid", "relu"):
    add(word, getattr(a, word))
add("sqrt", t["positive"].sqrt)
add("log", t["positive"].log)
add("gelu", lambda: F.gelu(a))
back("relu", a, torch.relu)
back("gelu", a, F.gelu)
back("times a column", a, lambda x: x * t["column"])

for word in ("sum", "amax", "norm"):
    add(word + " of all", getattr(a, word))
for i, place in enumerate(("first", "middle", "last")):
    for word in ("sum", "mean", "amax", "var", "prod"):
        add(f"{word}, {place}", lambda word=word, i=i: getattr(a, word)(dim=i))
    add(f"max, {place}", lambda i=i: a.max(i)[0])
    add(f"argmax, {place}", lambda i=i: a.argmax(i) + 1)
    add(f"norm, {place}", lambda i=i: a.norm(2, i))
    add(f"any, {place}", lambda i=i: mask.any(i))
    add(f"cumsum, {place}", lambda i=i: a.cumsum(i))
    add(f"softmax, {place}", lambda i=i: a.softmax(i))
add("sum of integers, last", lambda: t["whole"].sum(2))
add("max of integers, middle", lambda: t["whole"].max(1)[0])
add("sum of a transposed", lambda: a.transpose(1, 2).sum(1))
back("mean, middle", a, lambda x: x.mean(1))
back("max, last", a, lambda x: x.max(2)[0])
back("var, last", a, lambda x: x.var(2))
back("cumsum, last", a, lambda x: x.cumsum(2))
back("softmax, middle", a, lambda x: x.softmax(1))
add("log_softmax of long rows", lambda: a.reshape(64, 65536).log_softmax(1))

add("copy of a transposed", lambda: a.transpose(1, 2).contiguous())
add("copy of a permuted", lambda: a.permute(1, 0, 2).contiguous())
add("cat, last", lambda: torch.cat([a, b], 2))
back("cat, last", a, lambda x: torch.cat([x, b], 2))
add("stack", lambda: torch.stack([a, b]))
add("index_select", lambda: a.index_select(0, t["rows"]))
add("gather", lambda: a.gather(2, t["elements"]))
back("gather", a, lambda x: x.gather(2, t["elements"]))
add("scatter_add", lambda: a.scatter_add(2, t["elements"], b))
add("masked_select", lambda: a.masked_select(mask))
add("to int64", a.long)
add("int64 to float", t["whole"].float)
add("to bfloat16 and back", lambda: a.bfloat16().float())
add("sum of bfloat16, last", lambda: half.sum(2, dtype=torch.float32))
add("zeros", lambda: torch.zeros(64, 128, 512))
add("arange", lambda: torch.arange(1, 1000001))

add("sort", lambda: a[:8].sort(2)[0])
add("argsort of a million", lambda: t["flat"].argsort() + 1)
add("topk, 10 of 512", lambda: a.topk(10, 2)[0])
add("topk, 100 of 512", lambda: a.topk(100, 2)[0])

add("layer_norm", lambda: F.layer_norm(a, (512,)))
back("layer_norm", a, lambda x: F.layer_norm(x, (512,)))
back("cross_entropy", t["logits"], lambda x: F.cross_entropy(x, t["classes"]))
back("cross_entropy of maps", t["maps"], lambda x: F.cross_entropy(x, t["map_classes"]))
add("max_pool2d", lambda: F.max_pool2d(t["images"], 3, 2, 1))
add("avg_pool2d", lambda: F.avg_pool2d(t["images"], 2))
add("bilinear, 224 to 512", lambda: F.interpolate(t["pictures"], (512, 512), mode="bilinear"))
add("conv1d", lambda: F.conv1d(t["signal"], t["kernel"], padding=1))
add("rand", lambda: torch.rand(64, 128, 512))
add("randn", lambda: torch.randn(64, 128, 512))
add("dropout", lambda: F.dropout(a, 0.1, True))
add("chain of five on 8 x 16", lambda: ((t["tiny"] + 1) * 2).relu().sum(1).exp())

print("\t".join(ops), flush=True)
op = None
for line in sys.stdin:
    command, _, rest = line.rstrip("\n").partition(" ")
    if command == "take":
        op = ops[rest]
        print("ready", flush=True)
    elif command == "check":
        y = op().float()
        print(f"{y.mean().item():.9g}\t{y.square().mean().item():.9g}", flush=True)
    else:
        start = time.perf_counter()
        for _ in range(int(rest)):
            op()
        print(f"{(time.perf_counter() - start) / int(rest):.9f}", flush=True)
