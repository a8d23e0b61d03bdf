"""A small random BERT in the layout of Hugging Face (spec/fixtures/bert), and what PyTorch computes
with it in double precision (bert.safetensors), from the definition in Devlin et al., 2019.
Run: python3 spec/golden/bert.py

Names: <case>/ids, /mask (true: a piece), /types, /extra, /hidden, /pooled, /cot1, /cot2 (what flows
back into the two), /dextra, /d.<parameter>; sentences/<i>: the embedding of TEXTS[i].  Ids and types
count from 1, hidden is zeros where the mask is false."""
import json
import math
import os

import torch
import torch.nn.functional as F

import st

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "fixtures", "bert")
PIECES = """[PAD] [UNK] [CLS] [SEP] [MASK] . , ! a the red blue green hat cup dog cat bird ##s ##ing
is on in play jump small big and with cafe two""".split()
TEXTS = ["the red hat", "a", "", "Two small CATS jumping, and a dog!", "cafés playing with birds",
         "unknown words", "the big red dog is on the small blue cup " * 3]
CONFIG = {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": len(PIECES) + 1,
          "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
          "intermediate_size": 12, "max_position_embeddings": 16, "type_vocab_size": 2,
          "hidden_act": "gelu", "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1,
          "attention_probs_dropout_prob": 0.1, "pad_token_id": 0, "initializer_range": 0.02,
          "position_embedding_type": "absolute", "use_cache": True}
D, HEADS, EPS = CONFIG["hidden_size"], CONFIG["num_attention_heads"], CONFIG["layer_norm_eps"]

torch.manual_seed(9)
torch.set_default_dtype(torch.float64)
out, weights = {}, {}


def rand(*shape):
    """Values that float32 holds exactly."""
    return torch.randn(shape).float().double()


def parameter(name, *shape):
    weights[name] = ((rand(*shape) * 0.4).float().double() + ("LayerNorm.weight" in name)
                     ).float().double().requires_grad_()


def linear(name, to, of):
    parameter(name + ".weight", to, of)
    parameter(name + ".bias", to)


def norm(name):
    parameter(name + ".weight", D)
    parameter(name + ".bias", D)


for table, rows in (("word", "vocab_size"), ("position", "max_position_embeddings"),
                    ("token_type", "type_vocab_size")):
    parameter(f"embeddings.{table}_embeddings.weight", CONFIG[rows], D)
norm("embeddings.LayerNorm")
for i in range(CONFIG["num_hidden_layers"]):
    at = f"encoder.layer.{i}."
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        linear(at + "attention." + part, D, D)
    norm(at + "attention.output.LayerNorm")
    linear(at + "intermediate.dense", CONFIG["intermediate_size"], D)
    linear(at + "output.dense", D, CONFIG["intermediate_size"])
    norm(at + "output.LayerNorm")
linear("pooler.dense", D, D)


def apply(name, x):
    return x @ weights[name + ".weight"].t() + weights[name + ".bias"]


def normed(name, x):
    centred = x - x.mean(-1, keepdim=True)
    scale = (centred.pow(2).mean(-1, keepdim=True) + EPS).rsqrt()
    return centred * scale * weights[name + ".weight"] + weights[name + ".bias"]


def attend(at, x, mask):
    q, k, v = (apply(at + "self." + part, x).view(len(x), -1, HEADS, D // HEADS).transpose(1, 2)
               for part in ("query", "key", "value"))
    scores = q @ k.transpose(2, 3) / math.sqrt(D // HEADS)
    y = scores.masked_fill(~mask[:, None, None], -math.inf).softmax(-1) @ v
    return y.transpose(1, 2).reshape(x.shape)


def bert(ids, mask, types, extra=None):
    """ids, types from 0 -> hidden, pooled"""
    x = weights["embeddings.word_embeddings.weight"][ids]
    if extra is not None:
        x = torch.cat([x[:, :1], extra, x[:, 1:]], 1)
        mask = torch.cat([mask[:, :1], mask], 1)
        types = torch.cat([types[:, :1], torch.zeros(len(x), 1).long(), types[:, 1:]], 1)
    x = x + weights["embeddings.position_embeddings.weight"][:x.shape[1]]
    x = normed("embeddings.LayerNorm", x + weights["embeddings.token_type_embeddings.weight"][types])
    for i in range(CONFIG["num_hidden_layers"]):
        at = f"encoder.layer.{i}."
        y = apply(at + "attention.output.dense", attend(at + "attention.", x, mask))
        x = normed(at + "attention.output.LayerNorm", x + y)
        y = apply(at + "output.dense", F.gelu(apply(at + "intermediate.dense", x)))
        x = normed(at + "output.LayerNorm", x + y)
    return x * mask[:, :, None], apply("pooler.dense", x[:, 0]).tanh()


def put(name, t):
    t = t.detach().numpy()
    out[name] = t if t.dtype in ("bool", "int64") else t.astype("float32")


def record(case, lengths, types=None, extra=None):
    T = max(lengths)
    mask = torch.arange(T)[None] < torch.tensor(lengths)[:, None]
    ids = torch.randint(4, len(PIECES), mask.shape) * mask
    types = torch.zeros_like(ids) if types is None else types
    for p in weights.values():
        p.grad = None
    results = bert(ids, mask, types, extra)
    put(f"{case}/ids", ids + 1)
    put(f"{case}/mask", mask)
    put(f"{case}/types", types + 1)
    cotangents = [rand(*r.shape) for r in results]
    torch.autograd.backward(results, cotangents)
    for i, (name, r) in enumerate(zip(("hidden", "pooled"), results)):
        put(f"{case}/{name}", r)
        put(f"{case}/cot{i + 1}", cotangents[i])
    if extra is not None:
        put(f"{case}/extra", extra)
        put(f"{case}/dextra", extra.grad)
    padding = CONFIG["pad_token_id"]
    weights["embeddings.word_embeddings.weight"].grad[padding] = 0
    for name, p in weights.items():
        put(f"{case}/d.{name}", p.grad)


def ids_of(text):
    """Words with at most one ending: the texts above need no more."""
    words = "".join(f" {c} " if c in ".,!" else c for c in text.lower().replace("é", "e")).split()
    pieces = ["[CLS]"]
    for word in words:
        stem = max((p for p in PIECES if word.startswith(p)), key=len, default="")
        cut = [stem] + ["##" + word[len(stem):]] * (stem != word)
        pieces += cut if all(p in PIECES for p in cut) else ["[UNK]"]
    return [PIECES.index(p) for p in pieces[:CONFIG["max_position_embeddings"] - 1] + ["[SEP]"]]


record("plain", [5, 5])
record("masked", [7, 3, 1], (torch.arange(7)[None] > torch.tensor([2, 1, 4])[:, None]).long())
record("extra", [6, 2], None, rand(2, 1, D).requires_grad_())
for i, text in enumerate(TEXTS):
    ids = torch.tensor([ids_of(text)])
    hidden, _ = bert(ids, ids >= 0, torch.zeros_like(ids))
    put(f"sentences/{i + 1}", F.normalize(hidden.mean(1), dim=1)[0])
    put(f"sentences/{i + 1}.ids", ids[0] + 1)

st.save(os.path.join(HERE, "bert.safetensors"), out)
stored = {name: w.detach().numpy().astype("float32") for name, w in weights.items()}
st.save(os.path.join(FOLDER, "model.safetensors"), stored)
with open(os.path.join(FOLDER, "config.json"), "w") as file:
    file.write(json.dumps(CONFIG, indent=2) + "\n")
with open(os.path.join(FOLDER, "vocab.txt"), "w") as file:
    file.write("\n".join(PIECES) + "\n")
with open(os.path.join(FOLDER, "texts.json"), "w") as file:
    file.write(json.dumps(TEXTS, indent=2) + "\n")
print(len(out), "arrays")
