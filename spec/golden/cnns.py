"""Golden values of small ResNets and a small EfficientNet-Lite, computed by PyTorch in double
precision from float32 inputs and stored as float32 in cnns.safetensors: <case>/state.<name>, /x
(bytes 0..255), /v (the pooled vector), /U (the last map's cells) and /y (the head's scores), all in
evaluation.  The networks are written here in plain PyTorch with the names that published weights
have.  Run: python3 spec/golden/cnns.py"""
import math
import os

import torch
from torch import nn
from torch.nn import functional as F

import st

torch.manual_seed(31)
torch.set_default_dtype(torch.float64)
out = {}


def conv(a, b, k, s=1, groups=1, same=True):
    return nn.Conv2d(a, b, k, s, k // 2 if same else 0, groups=groups, bias=False)


class Basic(nn.Module):
    grow = 1

    def __init__(self, a, w, s):
        super().__init__()
        self.conv1, self.bn1 = conv(a, w, 3, s), nn.BatchNorm2d(w)
        self.conv2, self.bn2 = conv(w, w, 3), nn.BatchNorm2d(w)
        if s != 1 or a != w:
            self.downsample = nn.Sequential(conv(a, w, 1, s), nn.BatchNorm2d(w))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Bottle(nn.Module):
    grow = 4

    def __init__(self, a, w, s):
        super().__init__()
        self.conv1, self.bn1 = conv(a, w, 1), nn.BatchNorm2d(w)
        self.conv2, self.bn2 = conv(w, w, 3, s), nn.BatchNorm2d(w)
        self.conv3, self.bn3 = conv(w, 4 * w, 1), nn.BatchNorm2d(4 * w)
        if s != 1 or a != 4 * w:
            self.downsample = nn.Sequential(conv(a, 4 * w, 1, s), nn.BatchNorm2d(4 * w))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.Module):
    def __init__(self, block, layers, base, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, base, 7, 2), nn.BatchNorm2d(base)
        a = base
        for stage, n in enumerate(layers):
            blocks = []
            for i in range(n):
                blocks.append(block(a, base << stage, 2 if i == 0 and stage > 0 else 1))
                a = (base << stage) * block.grow
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(a, classes)

    def features(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return x

    def head(self, v):
        return self.fc(v)


def pad_same(x, k, s):
    def around(n):
        most = max((math.ceil(n / s) - 1) * s + k - n, 0)
        return most // 2, most - most // 2
    (top, bottom), (left, right) = around(x.shape[2]), around(x.shape[3])
    return F.pad(x, (left, right, top, bottom))


def norm(n):
    return nn.BatchNorm2d(n, eps=1e-3)


class MBConv(nn.Module):
    def __init__(self, a, b, k, s, expand):
        super().__init__()
        w = a * expand
        if expand != 1:
            self._expand_conv, self._bn0 = conv(a, w, 1), norm(w)
        self._depthwise_conv, self._bn1 = conv(w, w, k, s, w, same=False), norm(w)
        self._project_conv, self._bn2 = conv(w, b, 1), norm(b)
        self.k, self.s, self.skip = k, s, s == 1 and a == b

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_bn0") else x
        y = F.relu6(self._bn1(self._depthwise_conv(pad_same(y, self.k, self.s))))
        y = self._bn2(self._project_conv(y))
        return y + x if self.skip else y


class Lite(nn.Module):
    def __init__(self, stem, blocks, head, classes):
        super().__init__()
        self._conv_stem, self._bn0 = conv(3, stem, 3, 2, same=False), norm(stem)
        self._blocks, a = nn.ModuleList(), stem
        for n, k, s, expand, b in blocks:
            for i in range(n):
                self._blocks.append(MBConv(a, b, k, s if i == 0 else 1, expand))
                a = b
        self._conv_head, self._bn1 = conv(a, head, 1), norm(head)
        self._fc = nn.Linear(head, classes)

    def features(self, x):
        x = F.relu6(self._bn0(self._conv_stem(pad_same(x, 3, 2))))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x)))

    def head(self, v):
        return self._fc(v)


def case(name, net, height, width, mean, std):
    for p in net.parameters():
        p.data = (p.data + 0.05 * torch.randn(p.shape)).float().double()
    for key, b in net.named_buffers():
        if key.endswith("running_mean"):
            b.copy_((0.2 * torch.randn(b.shape)).float().double())
        elif key.endswith("running_var"):
            b.copy_((torch.rand(b.shape) + 0.5).float().double())
    x = torch.randint(0, 256, (2, 3, height, width))
    mean, std = (torch.tensor(t).view(1, 3, 1, 1) for t in (mean, std))
    with torch.no_grad():
        f = net.eval().features((x.double() / 255 - mean) / std)
    v = f.mean((2, 3))
    out[name + "/x"] = x.numpy().astype("uint8")
    for key, t in (("v", v), ("U", f.flatten(2).transpose(1, 2)), ("y", net.head(v).detach())):
        out[f"{name}/{key}"] = t.contiguous().numpy().astype("float32")
    for key, t in net.state_dict().items():
        kind = "int64" if t.dtype == torch.int64 else "float32"
        out[f"{name}/state.{key}"] = t.numpy().astype(kind)


imagenet = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
case("basic", ResNet(Basic, [2, 1, 1, 1], 4, 5), 40, 51, *imagenet)
case("bottleneck", ResNet(Bottle, [1, 2, 1, 1], 2, 5), 45, 38, *imagenet)
case("lite", Lite(6, [(1, 3, 1, 1, 4), (2, 5, 2, 3, 6), (2, 3, 2, 3, 8)], 12, 5), 37, 44,
     [127 / 255] * 3, [128 / 255] * 3)
st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cnns.safetensors"), out)
