"""Golden values of ops on int64, computed by PyTorch, and dtypes of results of binary ops, stored in
integers.safetensors.  Run: python3 spec/golden/integers.py

x, y, small, divisor, mask, places are the inputs; <op>/out1.. the results, positions from 1.
promotion/<op> has a row for each left operand and a column for each right one: the position from 1
in DTYPES of the result's dtype, 0 where PyTorch refuses.  OPERANDS lists both: tensors, tensors
without dimensions and Python's numbers.  spec/op/promotion_spec.lua has the same lists."""
import os

import numpy
import torch

import st

out = {}
generator = numpy.random.default_rng(7)


def draw(most, *shape):
    return torch.from_numpy(generator.integers(-most, most, shape, endpoint=True))


x, y = draw(2 ** 62, 4, 6), draw(2 ** 62, 4, 6)
x[0, 0], x[1, 1], x[2, 2] = 2 ** 53 + 1, -2 ** 53 - 1, 2 ** 53 + 3
y[0, 0], y[1, 1], y[2, 2] = 2 ** 53, -2 ** 53, 2 ** 53 + 3
y[3] = x[3]
small = draw(9, 4, 6)
divisor = draw(2 ** 40, 4, 6)
divisor[0] = torch.tensor([2, -2, 3, -3, 7, -1])
mask = torch.from_numpy(generator.integers(0, 1, (4, 6), endpoint=True)).bool()
places = torch.from_numpy(generator.integers(0, 3, (4, 6), endpoint=True))
for name, t in dict(x=x, y=y, small=small, divisor=divisor, mask=mask, places=places + 1).items():
    out[name] = t.numpy()


def result(name, *outputs, positions=()):
    for i, t in enumerate(outputs, 1):
        t = torch.as_tensor(t)
        out[f"{name}/out{i}"] = (t + 1 if i in positions else t).numpy()


for name in ["add", "sub", "mul", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge"]:
    result(name, getattr(torch, name)(x, y))
for name in ["neg", "abs", "sign"]:
    result(name, getattr(torch, name)(x))
for name in ["remainder", "fmod", "floor_divide"]:
    result(name, getattr(torch, name)(x, divisor))
for mode in ["floor", "trunc"]:
    result(f"div {mode}", torch.div(x, divisor, rounding_mode=mode))
result("clamp", x.clamp(-2 ** 53 - 1, 2 ** 53 + 1))
result("clamp min", x.clamp(min=2 ** 53 + 1))
result("topk", *x.topk(3, 1), positions=[2])
result("topk smallest", *x.topk(2, 0, largest=False), positions=[2])
result("sort", *x.sort(1), positions=[2])
result("sort descending", *small.sort(dim=0, descending=True, stable=True), positions=[2])
result("argsort", x.argsort(1), positions=[1])
result("cumsum", x.cumsum(1))
result("cumprod", x.cumprod(1))
result("cumprod small", small.cumprod(0))
result("sum", x.sum(), x.sum(1))
result("prod", x.prod(), small.prod(0))
for name in ["max", "min"]:
    result(name, *getattr(x, name)(1), positions=[2])
    result("a" + name, getattr(x, "a" + name)((0, 1)))
    result("arg" + name, getattr(x, "arg" + name)(0), positions=[1])
result("where", torch.where(mask, x, y))
result("masked_fill", x.masked_fill(mask, 2 ** 53 + 1))
result("masked_select", x[mask])
result("gather", x.gather(0, places))
result("index_select", x.index_select(0, places[0]))
result("index", x[places[0], places[1]])
result("scatter", x.scatter(0, torch.tensor([[3, 1, 0, 2, 2, 1]]), y))
result("scatter_add", x.scatter_add(0, places, small))
result("index_put", x.index_put((places[0],), small[0], accumulate=True))
result("cat", torch.cat([x, y]))
result("pad", torch.nn.functional.pad(x, (1, 0), value=7))
result("flip", x.flip(1))
result("tril", x.tril())

DTYPES = ["uint8", "int32", "int64", "bool", "float32"]
VALUES = [getattr(torch, d) for d in DTYPES]
OPERANDS = [torch.ones(2, dtype=d) for d in VALUES] + [torch.ones((), dtype=d) for d in VALUES]
OPERANDS += [1, 1.5]
OPS = ["add", "sub", "mul", "div", "pow", "remainder", "fmod", "floor_divide", "maximum", "minimum",
       "eq", "lt"]


def dtype_of(name, a, b):
    if not torch.is_tensor(a) and not torch.is_tensor(b):
        return 0
    try:
        return VALUES.index(getattr(torch, name)(a, b).dtype) + 1
    except (RuntimeError, TypeError):
        return 0


with torch.no_grad():
    for name in OPS:
        table = [[dtype_of(name, a, b) for b in OPERANDS] for a in OPERANDS]
        out[f"promotion/{name}"] = numpy.array(table, dtype="uint8")

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "integers.safetensors"), out)
print(len(out), "arrays")
