"""Golden values of ops, computed by PyTorch in double precision from float32 inputs and stored as
float32 in ops.safetensors.  Run: python3 spec/golden/ops.py

Names: <case>/in1.., /out1.., /cot1.. (what flows back into an output of numbers), /din1..; positions
are stored from 1."""
import os

import torch
import torch.nn.functional as F

import st

torch.manual_seed(31)
torch.set_default_dtype(torch.float64)
out = {}


def put(name, t):
    t = t.detach()
    out[name] = t.numpy().astype("float32" if t.is_floating_point() else t.numpy().dtype)


def rand(*shape):
    """Values that float32 holds exactly, away from 0."""
    x = torch.randn(shape)
    return (x + 0.1 * x.sign()).float().double()


def ids(values):
    return torch.tensor(values)


def case(name, fn, *inputs, positions=()):
    """positions: the outputs, from 1, that are counted from 0 here."""
    leaves = [x.requires_grad_() if x.is_floating_point() else x for x in inputs]
    for i, x in enumerate(leaves, 1):
        put(f"{name}/in{i}", x + 1 if x.dtype == torch.int64 else x)
    results = fn(*leaves)
    results = results if isinstance(results, (tuple, list)) else [results]
    total = 0
    for i, y in enumerate(results, 1):
        put(f"{name}/out{i}", y + 1 if i in positions else y)
        if y.is_floating_point():
            cotangent = rand(*y.shape)
            put(f"{name}/cot{i}", cotangent)
            total = total + (y * cotangent).sum()
    total.backward()
    for i, x in enumerate(leaves, 1):
        if x.is_floating_point():
            put(f"{name}/din{i}", x.grad)


inf = float("inf")
zeros = rand(3, 4)
zeros[1, 2] = zeros[2, 0] = zeros[2, 3] = 0
ties = rand(3, 5)
ties[0, 1] = ties[0, 3] = -4

# element-wise
case("log1p", torch.log1p, rand(3, 5).abs())
case("log2", torch.log2, rand(3, 5).abs())
case("expm1", torch.expm1, rand(3, 5) * 0.5)
case("atan2", torch.atan2, rand(3, 1, 5), rand(4, 1))

# stat.c
case("prod.all", lambda x: x.prod(), rand(3, 5))
case("prod.dim", lambda x: x.prod(1, keepdim=True), rand(3, 5, 2))
case("prod.zeros", lambda x: x.prod(1), zeros)
case("var.all", lambda x: x.var(unbiased=False), rand(3, 5))
case("var.dims", lambda x: x.var((0, 2), keepdim=True), rand(3, 5, 7))
case("std.dim", lambda x: x.std(-1), rand(4, 9) + 3)
case("std.biased", lambda x: x.std((0, 1), unbiased=False), rand(2, 3, 5))
case("norm.two", lambda x: x.norm(), rand(3, 5))
case("norm.one", lambda x: x.norm(1, 1), rand(3, 5, 2))
case("norm.three", lambda x: x.norm(3, (0, 2), keepdim=True), rand(3, 5, 2))
case("norm.half", lambda x: x.norm(0.5, -1), rand(3, 4))
case("norm.inf", lambda x: x.norm(inf, 1), ties)
case("norm.least", lambda x: x.norm(-inf, 1), rand(3, 5))
case("cumsum.last", lambda x: x.cumsum(-1), rand(3, 7))
case("cumsum.middle", lambda x: x.cumsum(1), rand(2, 5, 3))
case("cumsum.wide", lambda x: x.cumsum(0), rand(3, 70))

case("cumprod.last", lambda x: x.cumprod(-1), rand(3, 7))
case("cumprod.middle", lambda x: x.cumprod(1), rand(2, 5, 3))
case("cumprod.zeros", lambda x: x.cumprod(1), zeros.detach().clone())

# interpolate.c
case("interpolate.corners", lambda x: F.interpolate(x, (7, 3), mode="bilinear",
                                                    align_corners=True), rand(2, 2, 4, 9))
case("interpolate.one", lambda x: F.interpolate(x, (1, 5), mode="bilinear", align_corners=True),
     rand(1, 2, 3, 1))

# sort.c
case("sort.last", lambda x: x.sort(dim=-1), rand(3, 7), positions=[2])
case("sort.middle", lambda x: x.sort(dim=1, descending=True), rand(2, 5, 3), positions=[2])
case("sort.long", lambda x: x.sort(dim=-1, stable=True), rand(2, 151), positions=[2])

# scatter.c
case("scatter.last", lambda x, i, s: x.scatter(1, i, s), rand(3, 5),
     ids([[4, 0], [1, 2], [3, 0]]), rand(3, 2))
case("scatter.first", lambda x, i, s: x.scatter(0, i, s), rand(4, 3), ids([[3, 0, 2]]), rand(1, 3))
case("scatter_add.last", lambda x, i, s: x.scatter_add(1, i, s), rand(2, 3),
     ids([[0, 2, 0, 0], [1, 1, 2, 1]]), rand(2, 4))
case("scatter_add.first", lambda x, i, s: x.scatter_add(0, i, s), rand(2, 3, 2),
     torch.randint(2, (5, 3, 2)), rand(5, 3, 2))
case("index_add.rows", lambda x, i, s: x.index_add(0, i, s), rand(4, 3), ids([3, 0, 3]), rand(3, 3))
case("index_add.scaled", lambda x, i, s: x.index_add(-1, i, s, alpha=-1.5), rand(2, 3, 5),
     ids([1, 1]), rand(2, 3, 2))

# mask.c
case("masked_select.same", torch.masked_select, rand(3, 5), torch.rand(3, 5) > 0.5)
case("masked_select.row", torch.masked_select, rand(2, 3, 5), ids([True, False, True, True, False]))

# arrange.c
case("pad.two", lambda x: F.pad(x, (1, 2, 3, 0), value=0.5), rand(2, 3, 5))
case("pad.cut", lambda x: F.pad(x, (-1, 2, -2, -1)), rand(2, 5, 4))
case("pad.outer", lambda x: F.pad(x, (0, 0, 1, 2)), rand(2, 3))
case("pad.reflect", lambda x: F.pad(x, (2, 3, 1, 0), mode="reflect"), rand(2, 3, 2, 4))
case("pad.replicate", lambda x: F.pad(x, (2, 3, 1, 0), mode="replicate"), rand(2, 3, 2, 4))
case("flip", lambda x: x.flip((0, 2)), rand(2, 3, 5))
case("flip.middle", lambda x: x.flip(1), rand(2, 3, 5))
case("roll", lambda x: x.roll((2, -1), (0, 2)), rand(3, 2, 5))
case("roll.far", lambda x: x.roll(-17, 1), rand(2, 7))
case("tile", lambda x: x.tile((2, 3)), rand(3, 5))
case("tile.more", lambda x: x.tile((2, 1, 3)), rand(3, 2))
case("tile.fewer", lambda x: x.tile((2,)), rand(3, 2))
case("repeat_interleave", lambda x: x.repeat_interleave(3, 1), rand(2, 3, 2))
case("tril", lambda x: x.tril(), rand(4, 5))
case("tril.batch", lambda x: x.tril(-1), rand(2, 5, 3))
case("tril.more", lambda x: x.tril(2), rand(3, 5))
case("triu", lambda x: x.triu(), rand(5, 4))
case("triu.batch", lambda x: x.triu(1), rand(2, 3, 5))
case("triu.less", lambda x: x.triu(-2), rand(5, 3))

# vesper/functions.lua; spec/op/golden_spec.lua says how each is called
case("cosine_similarity.rows", F.cosine_similarity, rand(4, 5), rand(4, 5))
case("cosine_similarity.last", lambda x, y: F.cosine_similarity(x, y, -1, 1e-3), rand(2, 3, 4),
     rand(3, 4))
case("remainder", torch.remainder, rand(3, 5) * 4, rand(3, 5))
case("fmod", lambda x: torch.fmod(x, 0.7), rand(3, 5) * 4)
case("lerp", torch.lerp, rand(3, 5), rand(5), rand(3, 1))
case("addcmul", lambda x, a, b: torch.addcmul(x, a, b, value=-0.5), rand(3, 5), rand(5), rand(3, 1))
case("addcdiv", lambda x, a, b: torch.addcdiv(x, a, b, value=2), rand(3, 5), rand(5), rand(3, 1))
case("frac", torch.frac, rand(3, 5) * 3)
case("amax", lambda x: x.amax(1, True), rand(3, 5, 2))
case("aminmax", lambda x: (x.amin(1), x.amax(1)), rand(3, 5))
case("std_mean", lambda x: torch.std_mean(x, 1), rand(3, 5))
case("var_mean", lambda x: torch.var_mean(x, 1, unbiased=False, keepdim=True), rand(3, 5))
case("median.all", lambda x: x.median(), rand(4, 5))
case("median.dim", lambda x: tuple(x.median(1)), rand(3, 6, 2), positions=[2])
case("kthvalue", lambda x: tuple(x.kthvalue(2, 0, True)), rand(5, 3), positions=[2])
case("nan_to_num", lambda x: torch.nan_to_num(x, 0.5, 9.0, -9.0),
     torch.tensor([1.0, float("nan"), inf, -inf, -2.0]))
case("outer", torch.outer, rand(3), rand(5))
case("dot", torch.dot, rand(7), rand(7))
case("mv", torch.mv, rand(3, 5), rand(5))
case("bmm", torch.bmm, rand(2, 3, 4), rand(2, 4, 5))
case("addmm", lambda m, x, y: torch.addmm(m, x, y, beta=0.5, alpha=2), rand(5), rand(3, 4),
     rand(4, 5))
case("baddbmm", torch.baddbmm, rand(2, 3, 5), rand(2, 3, 4), rand(2, 4, 5))
case("cdist", torch.cdist, rand(2, 3, 4), rand(2, 5, 4))
case("cdist.one", lambda x, y: torch.cdist(x, y, 1.0), rand(3, 4), rand(5, 4))
case("meshgrid", lambda x, y: torch.meshgrid(x, y, indexing="ij"), rand(3), rand(4))
case("meshgrid.xy", lambda x, y: torch.meshgrid(x, y, indexing="xy"), rand(3), rand(4))

# einsum, of vesper/tensor.lua: the case is named by its equation
for equation, *shapes in [
        ("bij,bjk->bik", (3, 2, 5), (3, 5, 4)), ("ij,kj->ik", (2, 5), (3, 5)),
        ("i,j->ij", (3,), (4,)), ("i,i->", (7,), (7,)), ("ij->j", (3, 5)), ("ij->ji", (3, 5)),
        ("bhid,bhjd->bhij", (2, 3, 5, 4), (2, 3, 7, 4)), ("bi,bi->b", (3, 5), (3, 5)),
        ("ijk,jl->kil", (2, 3, 4), (3, 5)), ("ij,kl->jl", (2, 3), (4, 5)),
        ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 5)), ("ab,b,ac->cb", (2, 3), (3,), (2, 4))]:
    case(f"einsum {equation}", lambda *x, e=equation: torch.einsum(e, *x),
         *[rand(*s) for s in shapes])

# Each group below has a seed of its own, so that a new case leaves the others as they are.
torch.manual_seed(41)  # index_put.c
pair = [ids([2, 0, 2]), ids([1, 3, 1])]
case("index.pairs", lambda x, i, j: x[i, j], rand(3, 4, 2), *pair)
case("index.behind", lambda x, i, j: x[:, i, j], rand(2, 3, 4, 2), *pair)
case("index.apart", lambda x, i, j: x[i, :, j], rand(3, 2, 4), *pair)
case("index.grid", lambda x, i, j: x[1, i, 1:3, j], rand(2, 3, 4, 5), ids([[0], [2]]), ids([4, 0]))
case("index.put", lambda x, i, j, v: torch.index_put(x, (i, j), v), rand(3, 4, 2),
     ids([[2], [0]]), ids([1, 3, 0]), rand(3, 2))
case("index.add", lambda x, i, j, v: torch.index_put(x, (i, j), v, accumulate=True), rand(3, 4, 2),
     *[i.clone() for i in pair], rand(3, 1))

torch.manual_seed(42)  # loss_class.c
weight = torch.tensor([0.5, 1.0, 2.0, 1.5, 0.25])  # spec/op/golden_spec.lua has it too
for reduction in ["mean", "sum", "none"]:
    case(f"cross_entropy.maps {reduction}",
         lambda x, t: F.cross_entropy(x, t, weight, reduction=reduction, ignore_index=2,
                                      label_smoothing=0.1),
         rand(2, 5, 3, 4), torch.randint(5, (2, 3, 4)))
    case(f"cross_entropy.probabilities {reduction}",
         lambda x, t: F.cross_entropy(x, t, weight, reduction=reduction, label_smoothing=0.2),
         rand(3, 5), rand(3, 5).abs())
    case(f"cross_entropy.maps of probabilities {reduction}",
         lambda x, t: F.cross_entropy(x, t, reduction=reduction), rand(2, 5, 19), rand(2, 5, 19))
    case(f"nll_loss.maps {reduction}",
         lambda x, t: F.nll_loss(x, t, weight, reduction=reduction, ignore_index=0),
         rand(2, 5, 7), torch.randint(5, (2, 7)))
case("cross_entropy.one", lambda x, t: F.cross_entropy(x, t, weight, label_smoothing=0.1), rand(5),
     ids(3))
case("cross_entropy.one of probabilities", lambda x, t: F.cross_entropy(x, t), rand(5),
     rand(5).abs())

torch.manual_seed(43)  # interpolate.c
for mode in ["bicubic", "bilinear"]:
    for name, how in {"up": {"size": (7, 13)}, "down": {"size": (2, 5)},
                      "factors": {"scale_factor": (1.5, 0.4)}, "one": {"size": (1, 1)}}.items():
        for corners in [False, True]:
            for antialias in [False, True]:
                if mode == "bilinear" and not antialias or name == "one" and corners:
                    continue
                label = f"{mode} {name}{' corners' * corners}{' antialias' * antialias}"
                case(f"interpolate.{label}",
                     lambda x, o=dict(how, mode=mode, align_corners=corners, antialias=antialias):
                     F.interpolate(x, **o), rand(2, 2, 5, 11))
case("interpolate.exact up", lambda x: F.interpolate(x, (7, 13), mode="nearest-exact"),
     rand(1, 2, 4, 5))
case("interpolate.exact down", lambda x: F.interpolate(x, scale_factor=(0.6, 0.7),
                                                       mode="nearest-exact"), rand(1, 2, 8, 9))

torch.manual_seed(44)  # reduce.c and softmax.c over several dimensions


def few(*shape):
    """Values with many equal ones."""
    return torch.randint(-2, 3, shape).double()


case("amax.ties", lambda x: x.amax((0, 2)), few(3, 4, 5))
case("amin.ties", lambda x: x.amin((2, 1), True), few(3, 4, 5))
case("amax.all of ties", lambda x: x.amax(), few(3, 4))
case("logsumexp.apart", lambda x: x.logsumexp((0, 2)), rand(3, 4, 5))
case("logsumexp.neighbours", lambda x: x.logsumexp((1, 2), True), rand(3, 4, 5, 2))

torch.manual_seed(45)  # unary.c
case("gelu.tanh", lambda x: F.gelu(x, approximate="tanh"), rand(3, 5) * 2)

torch.manual_seed(46)
for equation, *shapes in [
        ("ij,jk", (2, 3), (3, 4)), ("ba", (2, 3)), ("ij,ij", (2, 3), (2, 3)), ("bA,Ac", (2, 3), (3, 4)),
        ("ii", (4, 4)), ("ii->i", (4, 4)), ("iij->ji", (3, 3, 2)), ("biji->bj", (2, 3, 4, 3)),
        ("iii->i", (3, 3, 3)), ("iijj,jk->ik", (2, 2, 3, 3), (3, 4)),
        ("...ij,...jk->...ik", (2, 3, 2, 4), (2, 3, 4, 5)), ("...ij,jk", (2, 3, 4), (4, 5)),
        ("i...,i...->...", (3, 2, 4), (3, 2, 4)), ("...ij->...", (2, 5, 3, 4)),
        ("...i,...i->...", (2, 1, 4), (3, 4)), ("b...d,...d->b...", (2, 3, 4), (1, 4)),
        ("...,...", (2, 3), (3,)), ("i...->i", (2, 3, 4)), ("...ii->...i", (2, 3, 3)),
        ("...", (2, 3)), ("a...b->b...a", (2, 3, 4)), ("...i->i", (3, 2, 4))]:
    case(f"einsum {equation}", lambda *x, e=equation: torch.einsum(e, *x),
         *[rand(*s) for s in shapes])

torch.manual_seed(47)  # scatter_reduce.c
for reduce in ["sum", "prod", "mean", "amax", "amin"]:
    for include in [True, False]:
        how = reduce + " without self" * (not include)
        case(f"scatter_reduce.{how}",
             lambda x, i, s, r=reduce, k=include: x.scatter_reduce(0, i, s, r, include_self=k),
             rand(4, 3, 2), torch.randint(3, (5, 3, 2)), rand(5, 3, 2))
        case(f"scatter_reduce.ties and zeros {how}",
             lambda x, i, s, r=reduce, k=include: x.scatter_reduce(1, i, s, r, include_self=k),
             # PyTorch shares the gradient with what was there even where that takes no part
             few(3, 4) + 10 * (not include), torch.randint(4, (3, 6)), few(3, 6))

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.safetensors"), out)
print(len(out), "arrays")
