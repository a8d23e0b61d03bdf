"""Golden values of optimizers and learning-rate schedules, computed by PyTorch in double precision.
Run: python3 spec/golden/optim.py.  What optim.safetensors holds:

  <case>/p<i>, /g<i>.<step>, /p<i>.<step>      five steps of an optimizer on two parameters
  <case>/lr [steps+1,groups], /momentum        a schedule: after it was made, then after each step
  <case>/watched [steps]                       what a plateau schedule was shown
  ema/p.<step>, ema/average.<step>, ema/warm.<step>"""
import os
import warnings

import numpy as np
import torch
from torch import nn, optim
from torch.optim import lr_scheduler as sched

import st

warnings.simplefilter("ignore")
torch.manual_seed(22)
torch.set_default_dtype(torch.float64)
out = {}


def put(name, t):
    out[name] = t.detach().numpy().astype("float32")


def rand(*shape):
    """Values that float32 holds exactly."""
    return torch.randn(shape).float().double()


def steps(case, make):
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
        opt.step()
        for i, p in enumerate(params):
            put(f"{case}/p{i + 1}.{step}", p)


steps("rmsprop", lambda p: optim.RMSprop(p, 0.05))
steps("rmsprop.momentum", lambda p: optim.RMSprop(p, 0.02, alpha=0.9, momentum=0.8, weight_decay=0.1))
steps("rmsprop.centered", lambda p: optim.RMSprop(p, 0.02, alpha=0.8, eps=1e-3, centered=True))
steps("rmsprop.both", lambda p: optim.RMSprop(p, 0.02, centered=True, momentum=0.5))
steps("adagrad", lambda p: optim.Adagrad(p, 0.1))
steps("adagrad.decay", lambda p: optim.Adagrad(p, 0.1, lr_decay=0.1, weight_decay=0.2,
                                               initial_accumulator_value=0.5, eps=1e-6))


def momentum_of(group):
    return group["betas"][0] if "betas" in group else group.get("momentum", 0.0)


def lazy(case, make):
    """Six steps on a table of which each batch touches some rows, one of them twice."""
    table = nn.Parameter(rand(7, 3))
    put(f"{case}/p.0", table)
    opt = make([table])
    for step, ids in enumerate([[0, 2, 2], [5], [2, 6, 0], [1, 5, 5], [2, 0], [6, 1]], 1):
        ids, g = torch.tensor(ids), rand(len(ids), 3)
        opt.zero_grad()
        (nn.functional.embedding(ids, table, sparse=True) * g).sum().backward()
        opt.step()
        out[f"{case}/ids.{step}"] = (ids + 1).numpy()
        put(f"{case}/g.{step}", g)
        put(f"{case}/p.{step}", table)


def schedule(case, make, n=40, watched=None, kind=optim.SGD, **settings):
    """Two groups; the first begins at 0.4, the second at 0.05."""
    groups = [{"params": [nn.Parameter(rand(2))], "lr": 0.4}, {"params": [nn.Parameter(rand(2))]}]
    opt = kind(groups, lr=0.05, **settings)
    s = make(opt)
    rates, momenta = [], []
    for step in range(n + 1):
        rates.append([g["lr"] for g in opt.param_groups])
        momenta.append([momentum_of(g) for g in opt.param_groups])
        if step < n:
            opt.step()
            s.step(*([] if watched is None else [watched[step]]))
    out[f"{case}/lr"] = np.array(rates)
    out[f"{case}/momentum"] = np.array(momenta)
    if watched is not None:
        out[f"{case}/watched"] = np.array(watched)


schedule("step", lambda o: sched.StepLR(o, 7, gamma=0.3))
schedule("multi", lambda o: sched.MultiStepLR(o, [5, 11, 11, 30], gamma=0.5))
schedule("exponential", lambda o: sched.ExponentialLR(o, 0.9))
schedule("lambda", lambda o: sched.LambdaLR(o, lambda e: 1 / (1 + e)))
schedule("lambda.two", lambda o: sched.LambdaLR(o, [lambda e: 0.9 ** e, lambda e: 1 + e]))
schedule("linear", lambda o: sched.LinearLR(o))
schedule("linear.down", lambda o: sched.LinearLR(o, start_factor=1, end_factor=0.1, total_iters=20))
schedule("polynomial", lambda o: sched.PolynomialLR(o, total_iters=25, power=2.0))
schedule("cosine", lambda o: sched.CosineAnnealingLR(o, 40))
schedule("cosine.again", lambda o: sched.CosineAnnealingLR(o, 13, eta_min=0.01))

falling = [1 / (1 + i) for i in range(8)] + [0.2] * 8 + [0.1, 0.0999999, 0.5] + [0.3] * 21
schedule("plateau", lambda o: sched.ReduceLROnPlateau(o, patience=3), watched=falling)
schedule("plateau.max", lambda o: sched.ReduceLROnPlateau(
    o, mode="max", factor=0.5, patience=1, cooldown=2, threshold=0.05, threshold_mode="abs",
    min_lr=[0.1, 0.02]), watched=[0.1, 0.3, 0.31, 0.34, 0.36] + [0.36] * 20 + [0.9] * 15)
schedule("plateau.max.rel", lambda o: sched.ReduceLROnPlateau(
    o, "max", 0.7, patience=0, threshold=0.1, min_lr=0.03, eps=0.02),
    watched=[-0.1, -0.05] + [0.3 + 0.02 * i for i in range(38)])
schedule("plateau.abs", lambda o: sched.ReduceLROnPlateau(
    o, "min", patience=2, cooldown=1, threshold=0.1, threshold_mode="abs"), watched=falling)

schedule("cycle", lambda o: sched.OneCycleLR(o, 1.5, total_steps=40), n=39, momentum=0.9)
schedule("cycle.linear", lambda o: sched.OneCycleLR(
    o, [1.0, 0.2], epochs=5, steps_per_epoch=8, pct_start=0.4, anneal_strategy="linear",
    base_momentum=0.7, max_momentum=0.9, div_factor=10, final_div_factor=100), n=39,
    momentum=0.9)
schedule("cycle.three", lambda o: sched.OneCycleLR(
    o, 0.5, total_steps=43, three_phase=True), kind=optim.Adam)
schedule("cycle.bare", lambda o: sched.OneCycleLR(
    o, 0.5, total_steps=40, cycle_momentum=False), n=39, kind=optim.Adagrad)

schedule("warm", lambda o: sched.SequentialLR(o, [
    sched.LinearLR(o, start_factor=0.1, total_iters=6), sched.CosineAnnealingLR(o, 34)], [6]))
schedule("three", lambda o: sched.SequentialLR(o, [
    sched.LinearLR(o, start_factor=0.5, total_iters=4), sched.StepLR(o, 3, gamma=0.5),
    sched.ExponentialLR(o, 0.8)], [4, 20]))

lazy("lazy.sgd", lambda p: optim.SGD(p, 0.1))
lazy("lazy.adagrad", lambda p: optim.Adagrad(p, 0.1, lr_decay=0.1, initial_accumulator_value=0.5))
lazy("lazy.adam", lambda p: optim.SparseAdam(p, 0.05))

net, average, warm = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)
for p, a, w in zip(net.parameters(), average.parameters(), warm.parameters()):
    p.data = rand(*p.shape)
    a.data, w.data = p.data.clone(), p.data.clone()
for step in range(6):
    if step > 0:
        for p, a, w in zip(net.parameters(), average.parameters(), warm.parameters()):
            p.data = rand(*p.shape)
            a.data = 0.9 * a.data + 0.1 * p.data
            d = min(0.9, step / (9 + step))
            w.data = d * w.data + (1 - d) * p.data
    put(f"ema/p.{step}", net.weight)
    put(f"ema/average.{step}", average.weight)
    put(f"ema/warm.{step}", warm.weight)

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.safetensors"), out)
print(len(out), "arrays")
