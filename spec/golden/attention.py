"""Golden values of attention and transformer encoders, computed by PyTorch in double precision from
float32 inputs and stored as float32 in attention.safetensors.  Run: python3 spec/golden/attention.py

Names: <case>/in1.., /mask.<option> (what goes by name), /param.<name>, /out1.., /cot1.. (what flows
back into each output), /din1.., /dmask.<option>, /dparam.<name>."""
import os

import torch
from torch import nn

import st

torch.manual_seed(4)
torch.set_default_dtype(torch.float64)
out = {}


def put(name, t):
    t = t.detach().numpy()
    out[name] = t if t.dtype == "bool" else t.astype("float32")


def rand(*shape):
    """Values that float32 holds exactly."""
    return torch.randn(shape).float().double()


def record(case, module, inputs, masks=None, **fixed):
    for p in module.parameters():
        p.data = (p.data + 0.1 * torch.randn(p.shape)).float().double()
        p.grad = None
    leaves = [x.clone().requires_grad_() for x in inputs]
    masks = {name: m.clone().requires_grad_(m.dtype != torch.bool)
             for name, m in (masks or {}).items()}
    results = module(*leaves, **masks, **fixed)
    results = [r for r in (results if isinstance(results, tuple) else (results,)) if r is not None]
    cotangents = [rand(*r.shape) for r in results]
    torch.autograd.backward(results, cotangents)
    for i, x in enumerate(leaves):
        put(f"{case}/in{i + 1}", x)
        put(f"{case}/din{i + 1}", x.grad)
    for name, m in masks.items():
        name = name.replace("src_", "")
        put(f"{case}/mask.{name}", m)
        if m.grad is not None:
            put(f"{case}/dmask.{name}", m.grad)
    for i, (r, c) in enumerate(zip(results, cotangents)):
        put(f"{case}/out{i + 1}", r)
        put(f"{case}/cot{i + 1}", c)
    for name, p in module.named_parameters():
        put(f"{case}/param.{name}", p)
        put(f"{case}/dparam.{name}", p.grad)


class Attention(nn.MultiheadAttention):
    """Self-attention where only a query is given."""

    def forward(self, query, key=None, value=None, need_weights=False, **more):
        key = query if key is None else key
        value = key if value is None else value
        return super().forward(query, key, value, need_weights=need_weights, **more)


def attention(*size, **more):
    return Attention(*size, batch_first=True, **more)


padding = torch.tensor([[False] * 5, [False, False, False, True, True]])
hidden = torch.rand(4, 5) < 0.3
hidden[:, 0] = False
each = torch.rand(6, 4, 5) < 0.3  # of B * heads
each[:, :, 0] = False

record("self", attention(12, 3), [rand(2, 5, 12)])
record("self.one_head", attention(6, 1), [rand(2, 5, 6)], {"key_padding_mask": padding})
record("self.bare", attention(8, 2, bias=False), [rand(3, 4, 8)])
record("self.padding", attention(12, 3), [rand(2, 5, 12)], {"key_padding_mask": padding},
       need_weights=True)
record("cross", attention(12, 3, kdim=7, vdim=9), [rand(2, 4, 12), rand(2, 5, 7), rand(2, 5, 9)],
       need_weights=True, average_attn_weights=False)
record("cross.same_width", attention(8, 2), [rand(2, 4, 8), rand(2, 5, 8)])
record("masked.bool", attention(12, 3), [rand(2, 4, 12), rand(2, 5, 12)],
       {"attn_mask": hidden, "key_padding_mask": padding})
record("masked.float", attention(12, 3), [rand(2, 4, 12), rand(2, 5, 12)],
       {"attn_mask": rand(4, 5)}, need_weights=True)
record("masked.each_bool", attention(12, 3), [rand(2, 4, 12), rand(2, 5, 12)], {"attn_mask": each})
record("masked.each_float", attention(12, 3), [rand(2, 4, 12), rand(2, 5, 12)],
       {"attn_mask": rand(6, 4, 5)})
record("masked.one_head", attention(6, 1), [rand(2, 4, 6), rand(2, 5, 6)],
       {"attn_mask": rand(2, 4, 5)})


def layer(**more):
    return nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **more)


keys = {"src_key_padding_mask": padding}
record("layer.post", layer(), [rand(2, 5, 8)], keys)
record("layer.post_gelu", layer(activation="gelu", layer_norm_eps=1e-3), [rand(2, 5, 8)])
record("layer.pre", layer(norm_first=True), [rand(2, 5, 8)])
record("layer.pre_gelu", layer(norm_first=True, activation="gelu"), [rand(2, 5, 8)], keys)
record("encoder", nn.TransformerEncoder(layer(), 3), [rand(2, 5, 8)], keys)
record("encoder.normed", nn.TransformerEncoder(layer(norm_first=True), 2, nn.LayerNorm(8)),
       [rand(2, 5, 8)])

st.save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "attention.safetensors"), out)
print(len(out), "arrays")
