"""Golden values of layers, losses and optimizer steps, computed by PyTorch in double precision from
float32 inputs and stored as float32 in rnn.safetensors.  Run: python3 spec/golden/rnn.py

Names: <case>/in1.., /param.<name>, /out1.., /cot1.. (what flows back into each output), /din1..,
/dparam.<name>; optimizers: <case>/p<i>, /g<i>.<step>, /p<i>.<step>.  Class labels, ids and lengths
count from 1."""
import os

import torch
import torch.nn.functional as F
from torch import nn

import st

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)
out = {}


def put(name, t):
    t = t.detach()
    out[name] = t.numpy().astype("int64" if t.dtype == torch.int64 else "float32")


def rand(*shape):
    """Values that float32 holds exactly."""
    return torch.randn(shape).float().double()


def record(case, fn, inputs, params=(), shift=()):
    """fn(*inputs) -> tensor or tuple; inputs in `shift` are stored one higher."""
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    for i, x in enumerate(inputs):
        put(f"{case}/in{i + 1}", x + 1 if i in shift else x)
    for name, p in params:
        put(f"{case}/param.{name}", p)
        p.grad = None
    results = fn(*leaves)
    results = results if isinstance(results, tuple) else (results,)
    cotangents = [rand(*r.shape) for r in results]
    for i, (r, c) in enumerate(zip(results, cotangents)):
        put(f"{case}/out{i + 1}", r)
        put(f"{case}/cot{i + 1}", c)
    torch.autograd.backward(results, cotangents)
    for i, x in enumerate(leaves):
        if x.is_floating_point() and x.grad is not None:
            put(f"{case}/din{i + 1}", x.grad)
    for name, p in params:
        if p.grad is not None:
            put(f"{case}/dparam.{name}", p.grad)


def layer(case, module, inputs, fn=None, shift=()):
    for p in module.parameters():
        p.data = p.data.float().double()
    record(case, fn or module, inputs, list(module.named_parameters()), shift)


def packed(module):
    """Every state, the last valid one and the last ones of all layers, as vesper's layers return
    them."""
    def run(x, lengths=None, *first):
        n = lengths if lengths is not None else torch.full((len(x),), x.shape[1])
        p = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)
        y, h = module(p, *([first] if len(first) == 2 else first))
        h = h if isinstance(h, tuple) else (h,)
        directions = 2 if module.bidirectional else 1
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
        return (y, torch.cat(list(h[0][-directions:]), 1), *h)
    return run


lengths = torch.tensor([3, 7, 1, 7, 5])
for kind in (nn.LSTM, nn.GRU):
    low = kind.__name__.lower()
    for case, size, args in (("plain", (6, 9), {}), ("bare", (6, 17), {"bias": False}),
                             ("deep", (6, 5), {"num_layers": 2, "bidirectional": True})):
        module = kind(*size, batch_first=True, **args)
        layer(f"{low}.{case}", module, [rand(5, 7, 6), lengths], packed(module))
    module = kind(6, 9, batch_first=True)
    layer(f"{low}.full", module, [rand(5, 7, 6)], packed(module))

layer("linear", nn.Linear(7, 5), [rand(3, 2, 7)])
layer("linear.bare", nn.Linear(7, 5, bias=False), [rand(4, 7)])
ids = torch.tensor([[4, 0, 2], [2, 2, 5]])
layer("embedding", nn.Embedding(6, 5), [ids], shift=(0,))
layer("embedding.padded", nn.Embedding(6, 5, padding_idx=2), [ids], shift=(0,))
plain = {"relu": nn.ReLU(), "relu6": nn.ReLU6(), "leaky_relu": nn.LeakyReLU(0.2),
         "elu": nn.ELU(0.7), "gelu": nn.GELU(), "silu": nn.SiLU(), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(),
         "softplus": nn.Softplus(), "flatten": nn.Flatten(), "softmax": nn.Softmax(1),
         "log_softmax": nn.LogSoftmax(-1), "identity": nn.Identity()}
for name, module in plain.items():
    layer(name, module, [rand(3, 5, 7) * 3])
record("logsumexp", lambda x: torch.logsumexp(x, 1, True), [rand(3, 5, 7)])
record("normalize", lambda x: F.normalize(x, dim=1), [rand(3, 5, 7)])
record("normalize.1", lambda x: F.normalize(x, p=1.0), [rand(3, 5)])

x, labels = rand(6, 9), torch.tensor([8, 0, 3, 3, 5, 1])
weight = torch.rand(9).float().double() + 0.5


def classes(case, **args):
    record(f"cross_entropy.{case}", lambda x, t: F.cross_entropy(x, t, **args), [x, labels],
           shift=(1,))


classes("mean")
classes("sum", reduction="sum")
classes("none", reduction="none")
classes("weighted", weight=weight)
classes("ignoring", ignore_index=3)
classes("smooth", label_smoothing=0.2)
classes("all", weight=weight, ignore_index=3, label_smoothing=0.2)
put("cross_entropy.weight", weight)
record("nll_loss", lambda x, t: F.nll_loss(x, t, weight=weight), [x, labels], shift=(1,))
a, b = rand(4, 5), rand(4, 5)
record("mse_loss", lambda x, y: F.mse_loss(x, y), [a, b])
record("l1_loss", lambda x, y: F.l1_loss(x, y, reduction="sum"), [a, b])
record("smooth_l1_loss", lambda x, y: F.smooth_l1_loss(x, y, beta=0.7), [a, b])
record("bce", lambda x, y: F.binary_cross_entropy_with_logits(x, y),
       [a * 3, torch.rand(4, 5).float().double()])
sign = torch.tensor([1, -1, 1, -1])
for margin in (0.0, -0.3):
    record(f"cosine_embedding_loss.{margin}",
           lambda x, y, s: F.cosine_embedding_loss(x, y, s, margin=margin), [a, b, sign])


def ranking(s, hardest):
    d, mask = s.diag().view(-1, 1), torch.eye(len(s), dtype=torch.bool)
    rows = (0.2 + s - d).clamp(min=0).masked_fill(mask, 0)
    cols = (0.2 + s - d.t()).clamp(min=0).masked_fill(mask, 0)
    if hardest:
        return (rows.max(1)[0].sum() + cols.max(0)[0].sum()) / len(s)
    return (rows.sum() + cols.sum()) / len(s)


scores = F.normalize(rand(11, 5)).float().double() @ F.normalize(rand(11, 5)).t().float().double()
scores = scores.float().double()
record("hinge_ranking.sum", lambda s: ranking(s, False), [scores])
record("hinge_ranking.hardest", lambda s: ranking(s, True), [scores])


def steps(case, make, clip=None):
    """Five steps on two parameters; the second has no gradient in the third."""
    params = [nn.Parameter(rand(3, 5)), nn.Parameter(rand(37))]
    for i, p in enumerate(params):
        put(f"{case}/p{i + 1}", p)
    opt = make(params)
    for step in range(1, 6):
        for i, p in enumerate(params):
            p.grad = None if i == 1 and step == 3 else rand(*p.shape)
            if p.grad is not None:
                put(f"{case}/g{i + 1}.{step}", p.grad)
        if clip:
            put(f"{case}/norm.{step}", torch.as_tensor(clip(params) or 0.0).double())
        opt.step()
        for i, p in enumerate(params):
            put(f"{case}/p{i + 1}.{step}", p)


optim = torch.optim
steps("sgd", lambda p: optim.SGD(p, 0.1))
steps("sgd.decay", lambda p: optim.SGD(p, 0.1, weight_decay=0.2))
steps("sgd.momentum", lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.3, weight_decay=0.1))
steps("sgd.nesterov", lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True))
steps("adam", lambda p: optim.Adam(p, 0.05))
steps("adam.decay", lambda p: optim.Adam(p, 0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.2))
steps("adam.amsgrad", lambda p: optim.Adam(p, 0.05, amsgrad=True))
steps("adamw", lambda p: optim.AdamW(p, 0.05))
steps("adamw.decay", lambda p: optim.AdamW(p, 0.05, weight_decay=0.3, amsgrad=True))
steps("clip.norm", lambda p: optim.SGD(p, 0.1), lambda p: nn.utils.clip_grad_norm_(p, 2.0))
steps("clip.large", lambda p: optim.SGD(p, 0.1), lambda p: nn.utils.clip_grad_norm_(p, 1000.0))
steps("clip.value", lambda p: optim.SGD(p, 0.1), lambda p: nn.utils.clip_grad_value_(p, 0.4))

for kind in (nn.LSTM, nn.GRU):
    module = kind(6, 5, batch_first=True, num_layers=2, bidirectional=True)
    first = [rand(4, 5, 5) for _ in range(2 if kind is nn.LSTM else 1)]
    layer(f"{kind.__name__.lower()}.state", module, [rand(5, 7, 6), lengths, *first], packed(module))

layer("gelu.tanh", nn.GELU(approximate="tanh"), [rand(3, 5, 7) * 3])

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rnn.safetensors"), out)
print(len(out), "arrays")
