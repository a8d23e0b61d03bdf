"""Golden values of the wider set of layers and losses, computed by PyTorch in double precision
from float32 inputs and stored as float32 in layers.safetensors.  Run: python3 spec/golden/layers.py

Names: <case>/in1.., /param.<name>, /out1, /cot1 (what flows back into the output), /din1..,
/dparam.<name>."""
import math
import os

import torch
import torch.nn.functional as F
from torch import nn

import st

torch.manual_seed(33)
torch.set_default_dtype(torch.float64)
out = {}


def put(name, t):
    t = t.detach().numpy()
    out[name] = t.astype("int64" if t.dtype == "int64" else "float32")


def rand(*shape):
    """Values that float32 holds exactly."""
    return torch.randn(shape).float().double()


def record(case, fn, inputs, params=()):
    leaves = [x.clone().requires_grad_() for x in inputs]
    for i, x in enumerate(inputs):
        put(f"{case}/in{i + 1}", x)
    for name, p in params:
        put(f"{case}/param.{name}", p)
    y = fn(*leaves)
    cotangent = rand(*y.shape)
    put(f"{case}/out1", y)
    put(f"{case}/cot1", cotangent)
    y.backward(cotangent)
    for i, x in enumerate(leaves):
        put(f"{case}/din{i + 1}", x.grad)
    for name, p in params:
        put(f"{case}/dparam.{name}", p.grad)


def layer(case, module, *shape, scale=1.0):
    for p in module.parameters():
        p.data = (p.data + 0.1 * torch.randn(p.shape)).float().double()
    record(case, module, [(rand(*shape) * scale).float().double()], list(module.named_parameters()))


layer("conv1d", nn.Conv1d(3, 5, 4, stride=2, padding=3, dilation=2), 2, 3, 17)
layer("conv1d.groups", nn.Conv1d(6, 9, 3, padding=1, groups=3, bias=False), 2, 6, 11)
layer("conv1d.depthwise", nn.Conv1d(5, 5, 5, stride=3, groups=5), 2, 5, 19)
layer("convtranspose2d", nn.ConvTranspose2d(3, 5, 3), 2, 3, 4, 6)
layer("convtranspose2d.stride",
      nn.ConvTranspose2d(4, 18, 4, stride=2, padding=1, bias=False), 2, 4, 5, 7)
layer("convtranspose2d.pairs",
      nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 3), padding=(2, 1), output_padding=(1, 2),
                         dilation=(2, 1)), 2, 4, 5, 6)
layer("convtranspose2d.groups",
      nn.ConvTranspose2d(6, 9, 3, stride=2, padding=1, output_padding=1, groups=3), 2, 6, 4, 5)
layer("convtranspose2d.depthwise",
      nn.ConvTranspose2d(5, 5, 3, stride=2, padding=1, groups=5), 2, 5, 4, 5)
layer("convtranspose2d.wide", nn.ConvTranspose2d(2, 3, 2, stride=3, output_padding=2), 1, 2, 3, 4)
layer("groupnorm", nn.GroupNorm(3, 6), 4, 6, 5, 7, scale=3.0)
layer("groupnorm.one", nn.GroupNorm(1, 5, eps=1e-3), 3, 5)
layer("groupnorm.bare", nn.GroupNorm(4, 4, affine=False), 2, 4, 21)
layer("upsample", nn.Upsample(scale_factor=2), 2, 3, 4, 5)
layer("upsample.nearest", nn.Upsample(size=(7, 3)), 2, 2, 4, 9)
layer("upsample.bilinear", nn.Upsample(scale_factor=2, mode="bilinear"), 2, 3, 4, 5)
layer("upsample.size", nn.Upsample(size=(7, 3), mode="bilinear"), 2, 2, 4, 9)
layer("upsample.factors", nn.Upsample(scale_factor=(1.7, 0.6), mode="bilinear"), 2, 2, 5, 9)
layer("adaptivemaxpool2d", nn.AdaptiveMaxPool2d(1), 2, 3, 4, 5)
layer("adaptivemaxpool2d.pair", nn.AdaptiveMaxPool2d((3, 4)), 2, 3, 7, 10)
layer("hardsigmoid", nn.Hardsigmoid(), 3, 5, 7, scale=3.0)
layer("hardswish", nn.Hardswish(), 3, 5, 7, scale=3.0)
layer("mish", nn.Mish(), 3, 5, 7, scale=4.0)
layer("softsign", nn.Softsign(), 3, 5, 7, scale=4.0)
layer("selu", nn.SELU(), 3, 5, 7, scale=3.0)
layer("prelu", nn.PReLU(), 3, 5, 7)
layer("prelu.channels", nn.PReLU(5, 0.1), 3, 5, 7, 2)

a, b, c = rand(4, 5), rand(4, 5) * 2, rand(4, 5)
b = b.float().double()
record("huber", lambda x, y: F.huber_loss(x, y, delta=0.7), [a, b])
record("huber.none", lambda x, y: F.huber_loss(x, y, reduction="none"), [a, b])
logp, prob = a.log_softmax(1).float().double(), b.softmax(1).float().double()
record("kl_div", lambda x, y: F.kl_div(x, y, reduction="batchmean"), [logp, prob])
record("kl_div.mean", lambda x, y: F.kl_div(x, y, reduction="mean"), [logp, prob])
record("kl_div.log", lambda x, y: F.kl_div(x, y, reduction="sum", log_target=True),
       [logp, b.log_softmax(1).float().double()])
record("triplet", lambda x, y, z: F.triplet_margin_loss(x, y, z), [a, b, c])
record("triplet.swap", lambda x, y, z: F.triplet_margin_loss(x, y, z, 1.5, swap=True,
                                                             reduction="none"), [a, b, c])


class InfoNCE(nn.Module):
    """The loss of CLIP's figure 3."""
    def __init__(self, temperature):
        super().__init__()
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / temperature)))

    def forward(self, scores):
        logits, target = scores * self.logit_scale.exp(), torch.arange(len(scores))
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


module = InfoNCE(0.07)
module.logit_scale.data = module.logit_scale.data.float().double()
scores = (F.normalize(rand(7, 5)) @ F.normalize(rand(7, 5)).t()).float().double()
record("info_nce", module, [scores], list(module.named_parameters()))

layer("convtranspose1d", nn.ConvTranspose1d(3, 5, 4, stride=2, padding=1), 2, 3, 7)
layer("convtranspose1d.groups",
      nn.ConvTranspose1d(4, 6, 3, stride=3, output_padding=2, groups=2, dilation=2, bias=False),
      2, 4, 6)
layer("conv1d.reflect", nn.Conv1d(3, 4, 5, padding=2, padding_mode="reflect"), 2, 3, 9)
layer("conv2d.replicate", nn.Conv2d(3, 4, 3, stride=2, padding=(2, 1), padding_mode="replicate"),
      2, 3, 5, 6)
layer("maxpool1d", nn.MaxPool1d(2), 2, 3, 9)
layer("maxpool1d.ceil", nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True), 2, 3, 10)
layer("avgpool1d", nn.AvgPool1d(3, stride=2, padding=1), 2, 3, 9)
layer("avgpool1d.ceil", nn.AvgPool1d(3, 2, 1, ceil_mode=True, count_include_pad=False), 2, 3, 10)
layer("adaptiveavgpool1d", nn.AdaptiveAvgPool1d(3), 2, 3, 10)
layer("adaptivemaxpool1d", nn.AdaptiveMaxPool1d(4), 2, 3, 10)
layer("maxpool2d.ceil", nn.MaxPool2d(2, ceil_mode=True), 2, 3, 5, 8)
layer("maxpool2d.ceil.padded", nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), 2, 3, 8, 6)
layer("avgpool2d.ceil", nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), 2, 3, 8, 6)
layer("avgpool2d.inside", nn.AvgPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True,
                                       count_include_pad=False), 2, 3, 8, 6)
# the last window would lie in the padding alone
layer("avgpool2d.dropped", nn.AvgPool2d(2, stride=3, padding=1, ceil_mode=True), 1, 2, 5, 6)

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.safetensors"), out)
print(len(out), "arrays")
