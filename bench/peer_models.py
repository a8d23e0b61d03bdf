"""The models of bench/workloads.lua in PyTorch, as one would write them there, with the same names of
parameters.  build(name, inputs) -> module, function that runs it."""
import functools

import torch
from torch import nn
from torch.nn import functional as F

CLASSES, VOCABULARY = 40, 8000
RATE = 0.0  # of every dropout; build sets it


def hinge(v, t):
    scores = F.normalize(v) @ F.normalize(t).t()
    right = scores.diag()
    same = torch.eye(len(scores), dtype=torch.bool)
    rows = (0.2 + scores - right[:, None]).clamp(min=0).masked_fill(same, 0)
    columns = (0.2 + scores - right[None, :]).clamp(min=0).masked_fill(same, 0)
    return (rows.max(1)[0].sum() + columns.max(0)[0].sum()) / len(scores)


def attend(q, k, v, mask, rate):
    """q, k, v [B,H,T,d], mask bool, true where a key is seen."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, mask, rate)
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
    return F.dropout(scores.masked_fill(~mask, float("-inf")).softmax(-1), rate) @ v


class LayerNorm(nn.LayerNorm):
    """Takes what autocast makes: 1.13 hands it bfloat16 beside its float32 weights and refuses."""

    def forward(self, x):
        return super().forward(x.to(self.weight.dtype))


class Features(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.image = nn.Linear(2048, 1024)
        self.words = nn.Embedding(8000, 300)
        self.rnn = cell(300, 1024, batch_first=True)

    def forward(self, x):
        _, last = self.rnn(self.words(x["tokens"]))
        t = last[0][-1] if isinstance(last, tuple) else last[-1]
        return hinge(self.image(x["feature"]), t)


class SmallCNN(nn.Module):
    def __init__(self, width):
        super().__init__()
        blocks, before = [], 3
        for channels in (32, 64, 128, 256):
            blocks.append(nn.Sequential(nn.Conv2d(before, channels, 3, padding=1, bias=False),
                                        nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)))
            before = channels
        self.blocks, self.out = nn.Sequential(*blocks), nn.Linear(256, width)

    def forward(self, images):
        return self.out(self.blocks(images.float() * (4 / 255) - 2).mean((2, 3)))


class BasicBlock(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or before != width:
            self.downsample = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False),
                                            nn.BatchNorm2d(width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return F.relu(y, inplace=True)


class ResNet18(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1, self.maxpool = nn.BatchNorm2d(64), nn.MaxPool2d(3, 2, 1)
        before = 64
        for stage, channels in enumerate((64, 128, 256, 512)):
            blocks = [BasicBlock(before, channels, 2 if stage else 1), BasicBlock(channels, channels, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            before = channels
        self.out = nn.Linear(512, width)
        self.mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        self.std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]

    def forward(self, images):
        x = (images.float() / 255 - self.mean) / self.std
        x = self.maxpool(F.relu(self.bn1(self.conv1(x)), inplace=True))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.out(x.mean((2, 3)))


class RegionEncoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.out = nn.Linear(2048, width)

    def forward(self, regions):
        return self.out(regions.mean(1))


class TextEncoder(nn.Module):
    def __init__(self, width, words=300):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, words, padding_idx=0)
        self.rnn, self.out = nn.LSTM(words, width, batch_first=True), nn.Linear(width, width)

    def forward(self, tokens):
        words = self.words(tokens)
        _, (last, _) = self.rnn(words)
        return self.out(last[-1]), words


def mlp(before, hidden, to):
    return nn.Sequential(nn.Linear(before, hidden), nn.ReLU(), nn.Dropout(RATE), nn.Linear(hidden, to))


class VSE(nn.Module):
    def __init__(self, image, width, words=300):
        super().__init__()
        self.image, self.text = image, TextEncoder(width, words)
        self.fuse = mlp(2 * width, width, CLASSES)
        self.register_buffer("prototypes", torch.zeros(CLASSES, width))

    def images(self, x):
        return self.image(x["image"] if "image" in x else x["regions"])

    def forward(self, x):
        v, (t, _) = self.images(x), self.text(x["tokens"])
        return F.cross_entropy(self.fuse(torch.cat([v, t], 1)), x["label"]) + hinge(v, t)


class IntraAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.regions, self.words = nn.Linear(2048, width), nn.Linear(300, width)
        self.region_norm, self.word_norm = LayerNorm(width), LayerNorm(width)
        self.kinds = nn.Embedding(2, width)
        self.attention = nn.MultiheadAttention(width, heads, RATE, batch_first=True)
        self.norm1, self.norm2 = LayerNorm(width), LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(RATE),
                                 nn.Linear(2 * width, width))
        self.score, self.out = nn.Linear(width, 1, bias=False), nn.Linear(width, width)

    def forward(self, regions, words=None, positions=None):
        x = self.region_norm(self.regions(regions)) + self.kinds.weight[0]
        both, padding = x, None
        if words is not None:
            w = self.word_norm(self.words(words)) + self.kinds.weight[1] + positions
            both = torch.cat([x, w], 1)
            padding = torch.zeros(both.shape[:2], dtype=torch.bool)
        attended, _ = self.attention(both, both, both, key_padding_mask=padding, need_weights=False)
        x = self.norm1(x + attended[:, :x.shape[1]])
        x = self.norm2(x + self.mlp(x))
        return self.out((x * self.score(x).softmax(1)).sum(1))


class CIM(VSE):
    def __init__(self, image, width):
        super().__init__(image, width)
        self.intra = IntraAttention(width, 8)

    def forward(self, x):
        pooled, (t, words) = self.images(x), self.text(x["tokens"])
        v = pooled + self.intra(x["regions"])
        seen = pooled + self.intra(x["regions"], words, x["positions"])
        return F.cross_entropy(self.fuse(torch.cat([seen, t], 1)), x["label"]) + hinge(v, t)


class InterAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.next = mlp(2 * width, width, width), mlp(width, width, width)
        self.W_v, self.W_u, self.W_h = (nn.Linear(width, width) for _ in range(3))
        self.W_t, self.W_m = (nn.Linear(width, width // 4) for _ in range(2))

    def forward(self, v, t):
        m = self.first(torch.cat([v, t], 1))
        memory = [self.W_v(v)]
        for _ in range(3):
            u = torch.stack(memory, 1)
            s = (self.W_m(u) * self.W_t(m)[:, None]).sum(2).sigmoid()
            m = m + self.next(self.W_h((u * s[:, :, None]).sum(1)))
            memory.append(self.W_u(m))
        return m


class COOT(VSE):
    def __init__(self, image, width):
        super().__init__(image, width)
        self.inter = InterAttention(width)
        self.fuse = nn.Sequential(nn.ReLU(), nn.Dropout(RATE), nn.Linear(width, CLASSES))

    def forward(self, x):
        v, (t, _) = self.images(x), self.text(x["tokens"])
        return F.cross_entropy(self.fuse(self.inter(v, t)), x["label"]) + hinge(v, t)


class BertLayer(nn.Module):
    def __init__(self, width, inner, heads):
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(RATE)
        self.attention = nn.ModuleDict({
            "self": nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")}),
            "output": nn.ModuleDict({"dense": nn.Linear(width, width),
                                     "LayerNorm": LayerNorm(width, eps=1e-12)}),
        })
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(inner, width),
                                     "LayerNorm": LayerNorm(width, eps=1e-12)})

    def forward(self, x, mask):
        B, T, D = x.shape
        inner, out = self.attention["self"], self.attention["output"]
        q, k, v = (inner[name](x).view(B, T, self.heads, -1).transpose(1, 2)
                   for name in ("query", "key", "value"))
        rate = self.dropout.p if self.training else 0.0
        y = attend(q, k, v, mask, rate).transpose(1, 2).reshape(B, T, D)
        x = out["LayerNorm"](x + self.dropout(out["dense"](y)))
        y = self.output["dense"](F.gelu(self.intermediate["dense"](x)))
        return self.output["LayerNorm"](x + self.dropout(y))


class BERT(nn.Module):
    def __init__(self, width, layers, inner):
        super().__init__()
        self.embeddings = nn.ModuleDict({
            "word_embeddings": nn.Embedding(30522, width, padding_idx=0),
            "position_embeddings": nn.Embedding(512, width),
            "token_type_embeddings": nn.Embedding(2, width),
            "LayerNorm": LayerNorm(width, eps=1e-12),
        })
        self.encoder = nn.ModuleDict({
            "layer": nn.ModuleList(BertLayer(width, inner, 12) for _ in range(layers))})
        self.pooler = nn.ModuleDict({"dense": nn.Linear(width, width)})
        self.dropout = nn.Dropout(RATE)

    def forward(self, tokens, extra=None):
        e = self.embeddings
        x = e["word_embeddings"](tokens)
        if extra is not None:
            x = torch.cat([x[:, :1], extra, x[:, 1:]], 1)
        B, T = x.shape[:2]
        x = x + e["position_embeddings"].weight[:T] + e["token_type_embeddings"].weight[0]
        x = self.dropout(e["LayerNorm"](x))
        mask = torch.ones(B, 1, 1, T, dtype=torch.bool)
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return x, self.pooler["dense"](x[:, 0]).tanh()


class Fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = BERT(384, 6, 1536)
        self.image, self.to_bert = nn.Linear(2048, 512), nn.Linear(512, 384)
        self.from_bert, self.text_of_bert = nn.Linear(384, 512), nn.Linear(384, 512)
        self.fuse = nn.Sequential(nn.Linear(3 * 512, 512), nn.ReLU(), nn.Linear(512, CLASSES))

    def forward(self, x):
        v = self.image(x["feature"])
        t = self.text_of_bert(self.bert(x["tokens"])[0].mean(1))
        pooled = self.bert(x["tokens"], self.to_bert(v)[:, None])[1]
        logits = self.fuse(torch.cat([v, t, self.from_bert(pooled)], 1))
        return F.cross_entropy(logits, x["label"]) + hinge(v, t)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert, self.head = BERT(768, 12, 3072), nn.Linear(768, CLASSES)

    def forward(self, x):
        return F.cross_entropy(self.head(self.bert(x["tokens"])[1]), x["label"])


class Output(nn.Module):
    """One output of a model, or its only one."""

    def __init__(self, model, place):
        super().__init__()
        self.model, self.place = model, place

    def forward(self, x):
        y = self.model(x)
        return y if self.place is None else y[self.place]


def inferred(name):
    """The model, the name of its input, the output that is compared."""
    if "ResNet" in name:
        return ResNet18(512), "image", None
    if "small CNN" in name:
        return SmallCNN(256), "image", None
    if "LSTM" in name:
        return TextEncoder(512), "tokens", 0
    return BERT(384, 6, 1536), "tokens", 1


def build(name, x):
    global RATE
    name, _, rate = name.partition(", dropout ")
    RATE = float(rate or 0)
    if name.startswith("W6"):
        model, key, place = inferred(name)
        return model, functools.partial(Output(model, place), x[key])
    model = {
        "W1 VSE++ LSTM": lambda: Features(nn.LSTM),
        "W1 VSE++ GRU": lambda: Features(nn.GRU),
        "W2 ResNet-18 + LSTM": lambda: VSE(ResNet18(512), 512),
        "W2 small CNN + LSTM": lambda: VSE(SmallCNN(256), 256, 100),
        "W3 CIM": lambda: CIM(RegionEncoder(512), 512),
        "W4 COOT": lambda: COOT(RegionEncoder(512), 512),
        "W5 DPM, 6 layers of 384": Fusion,
        "W5 BERT-base": Classifier,
    }[name]()
    return model, lambda: model(x)
