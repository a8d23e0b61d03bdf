"""The files in spec/fixtures/pth, as torch.save writes them in its two forms: a checkpoint of every
kind of value that is read (nested.pth, nested_old.pth), the state of a module (module.pth), one of
protocol 4, checkpoints of training scripts (training.pth, training_old.pth) and a whole module.  Run: python3 spec/golden/pth_files.py

Broken and hostile files are made by spec/io/pth_spec.lua."""
import argparse
import os
from collections import OrderedDict, defaultdict

import numpy
import torch
from torch import nn

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "pth")
os.makedirs(folder, exist_ok=True)


def save(name, value, **options):
    torch.save(value, os.path.join(folder, name + ".pth"), **options)


count = torch.arange(24, dtype=torch.float32)
cube = count.reshape(2, 3, 4)
state = OrderedDict(
    cube=cube,
    swapped=cube.permute(2, 0, 1),
    tail=count[20:],
    every=count[1::3],
    one=torch.tensor(2.5),
    none=torch.zeros(0, 4),
    weight=nn.Parameter(torch.tensor([1.5, -2.0])),
)
for dtype in ("float64", "float16", "bfloat16", "int64", "int32", "uint8"):
    state[dtype] = torch.tensor([[0, 1, 2], [3, 4, 250]], dtype=getattr(torch, dtype))
state["bool"] = torch.tensor([True, False, True])
state["large"] = torch.tensor([2 ** 53 + 1, -2 ** 63, 2 ** 63 - 1])
nested = {
    "state_dict": state,
    "epoch": 3,
    "best": -0.75,
    "done": True,
    "name": "a net \u00e9",
    "nothing": None,
    "size": torch.Size([3, 4]),
    "optimizer": {"state": {0: {"step": 2 ** 40, "exp_avg": torch.tensor([0.5])}},
                  "param_groups": [{"lr": 0.01, "betas": (0.5, -1)}]},
}
save("nested", nested)
save("nested_old", nested, _use_new_zipfile_serialization=False)
save("protocol4", nested, pickle_protocol=4)

torch.manual_seed(1)
net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
save("module", net.state_dict())
save("module_old", net.state_dict(), _use_new_zipfile_serialization=False)
save("whole", net)
position = torch.arange(3)
model = OrderedDict([
    ("module.fc.weight", torch.tensor([[1.0, 2.0], [3.0, 4.5]])),
    ("module.fc.bias", torch.tensor([0.5]).expand(2)),
    ("module.rows", position.expand(2, 3)),
    ("module.columns", position[:2].unsqueeze(1).expand(2, 3)),
    ("module.int8", torch.tensor([-128, 127, -1], dtype=torch.int8)),
    ("module.int16", torch.tensor([-32768, 32767, -2], dtype=torch.int16)),
])
loop = []
loop.append((loop, 1))
training = {
    "model": model,
    "opt": argparse.Namespace(lr=0.1, weight=torch.tensor([7.0]), names={"a", "b"}),
    "best_rsum": numpy.float64(1.5),
    "rates": numpy.array([1, 2]),
    "counts": defaultdict(int, a=1),
    "sets": [{1, 2}, frozenset([3]), b"bytes", bytearray(b"more"), 1 << 80, 1j, loop[0]],
    "other": [torch.tensor([1j]), torch.device("cpu"), torch.float16],
    "epoch": 3,
}
save("training", training)
save("training_old", training, _use_new_zipfile_serialization=False)
save("training_protocol4", training, pickle_protocol=4)
save("bare", torch.zeros(2))
