"""Golden values of convolution, pooling and normalisation layers, computed by PyTorch in double
precision from float32 inputs and stored as float32 in cnn.safetensors.  Run: python3 spec/golden/cnn.py

Names: <case>/in1, /param.<name>, /buffer.<name> (before) and /after.<name>, /out1, /cot1 (what flows
back into the output), /din1, /dparam.<name>."""
import os

import torch
from torch import nn

import st

torch.manual_seed(21)
torch.set_default_dtype(torch.float64)
out = {}


def put(name, t):
    out[name] = t.detach().numpy().astype("int64" if t.dtype == torch.int64 else "float32")


def rand(*shape):
    """Values that float32 holds exactly."""
    return torch.randn(shape).float().double()


def layer(case, module, *shape, scale=1.0, shift=0.0):
    for p in module.parameters():
        p.data = (p.data + 0.1 * torch.randn(p.shape)).float().double()
    x = (rand(*shape) * scale + shift).float().double().requires_grad_()
    put(f"{case}/in1", x)
    for name, p in module.named_parameters():
        put(f"{case}/param.{name}", p)
    for name, b in module.named_buffers():
        put(f"{case}/buffer.{name}", b)
    y = module(x)
    cotangent = rand(*y.shape)
    y.backward(cotangent)
    for name, b in module.named_buffers():
        put(f"{case}/after.{name}", b)
    put(f"{case}/out1", y)
    put(f"{case}/cot1", cotangent)
    put(f"{case}/din1", x.grad)
    for name, p in module.named_parameters():
        put(f"{case}/dparam.{name}", p.grad)


def tracked(module):
    """In evaluation, with statistics of its own."""
    module.running_mean.copy_(rand(module.num_features))
    module.running_var.copy_(rand(module.num_features).abs() + 0.5)
    module.num_batches_tracked.fill_(3)
    return module.eval()


layer("conv.plain", nn.Conv2d(3, 5, 3), 2, 3, 6, 7)
layer("conv.padded", nn.Conv2d(4, 18, 3, padding=1, bias=False), 3, 4, 9, 8)
layer("conv.stride", nn.Conv2d(3, 8, 3, stride=2, padding=1), 2, 3, 11, 12)
layer("conv.stem", nn.Conv2d(3, 6, 7, stride=2, padding=3, bias=False), 1, 3, 17, 20)
layer("conv.pairs", nn.Conv2d(4, 6, (3, 2), stride=(1, 3), padding=(2, 1), dilation=(2, 1)), 2, 4, 7, 11)
layer("conv.dilated", nn.Conv2d(2, 3, 3, stride=2, padding=2, dilation=2), 2, 2, 10, 9)
layer("conv.one", nn.Conv2d(7, 33, 1), 2, 7, 5, 5)
layer("conv.one.stride", nn.Conv2d(7, 4, 1, stride=2), 2, 7, 6, 5)
layer("conv.groups", nn.Conv2d(6, 9, 3, padding=1, groups=3), 2, 6, 5, 7)
layer("conv.depthwise", nn.Conv2d(5, 5, 3, stride=2, padding=1, groups=5), 2, 5, 9, 8)
layer("conv.deep", nn.Conv2d(70, 20, 3, padding=1), 2, 70, 4, 3)
layer("max_pool", nn.MaxPool2d(2), 2, 3, 6, 8)
layer("max_pool.odd", nn.MaxPool2d(2), 2, 3, 7, 13)
layer("max_pool.resnet", nn.MaxPool2d(3, stride=2, padding=1), 2, 3, 9, 10)
layer("max_pool.pairs", nn.MaxPool2d((3, 2), stride=(1, 2)), 2, 3, 6, 7)
layer("avg_pool", nn.AvgPool2d(2), 2, 3, 7, 8)
layer("avg_pool.padded", nn.AvgPool2d(3, stride=2, padding=1), 2, 3, 8, 9)
layer("adaptive", nn.AdaptiveAvgPool2d(1), 2, 5, 7, 6)
layer("adaptive.pair", nn.AdaptiveAvgPool2d((3, 4)), 2, 3, 7, 10)
layer("batch2d", nn.BatchNorm2d(5), 3, 5, 6, 7, scale=2, shift=3)
layer("batch2d.bare", nn.BatchNorm2d(4, affine=False, momentum=0.3), 2, 4, 3, 3)
layer("batch2d.untracked", nn.BatchNorm2d(4, eps=1e-3, track_running_stats=False).eval(), 2, 4, 5, 3)
layer("batch2d.eval", tracked(nn.BatchNorm2d(3)), 2, 3, 5, 4)
layer("batch1d", nn.BatchNorm1d(6), 9, 6, shift=-1)
layer("batch1d.time", nn.BatchNorm1d(4), 3, 4, 21)
layer("batch1d.eval", tracked(nn.BatchNorm1d(6)), 5, 6)
layer("layer", nn.LayerNorm(37), 4, 3, 37, scale=3, shift=1)
layer("layer.two", nn.LayerNorm((3, 5), eps=1e-3), 4, 3, 5)
layer("layer.bare", nn.LayerNorm(9, elementwise_affine=False), 6, 9)

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cnn.safetensors"), out)
print(len(out), "arrays")
