"""The experiment of examples/fashion.lua in PyTorch, on the data-set file that it writes.

    lua5.4 examples/fashion.lua FOLDER GLOVE 8 1 fashion.h5    # writes fashion.h5, trains
    python3 bench/fashion_torch.py fashion.h5 8 1              # epochs, seed

Same images, tokens, model, losses, optimizer and number of threads; prints seconds an epoch and the
test figures.  Word vectors start at random here: they change the figures a little, the time not at all.
"""
import sys
import time

import h5py
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

path, epochs, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(seed)
torch.set_num_threads(2)
WORDS = 16


def load(file, split):
    group = file[split]
    starts = group["caption/offset"][:]
    flat = group["caption/tokens"][:]
    lengths = np.diff(starts)
    tokens = np.zeros((len(lengths), WORDS), np.int64)
    for i, n in enumerate(lengths):
        tokens[i, :n] = flat[starts[i]:starts[i + 1]]
    return (torch.from_numpy(group["image"][:]), torch.from_numpy(tokens), torch.from_numpy(lengths),
            torch.from_numpy(group["label"][:].astype(np.int64)))


with h5py.File(path, "r") as file:
    train, test = load(file, "train"), load(file, "test")
    classes, words = len(file["classes"]), len(file["vocab/words"])


class VSE(nn.Module):
    def __init__(self):
        super().__init__()
        layers, before = [], 3
        for width in (32, 64, 128, 256):
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                       nn.MaxPool2d(2)]
            before = width
        self.cnn = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 256))
        self.words = nn.Embedding(words, 100)
        self.rnn = nn.LSTM(100, 256, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, classes))

    def forward(self, images, tokens, lengths):
        v = self.cnn(images.float() * (4 / 255) - 2)
        states, _ = self.rnn(self.words(tokens))
        t = states[torch.arange(len(tokens)), lengths - 1]
        return v, t, self.mlp(torch.cat([v, t], 1))


def ranking(v, t, hardest):
    scores = F.normalize(v) @ F.normalize(t).t()
    right = scores.diag()
    same = torch.eye(len(scores), dtype=torch.bool)
    rows = (0.2 + scores - right[:, None]).clamp(min=0).masked_fill(same, 0)
    columns = (0.2 + scores - right[None, :]).clamp(min=0).masked_fill(same, 0)
    if hardest:
        return (rows.max(1)[0].sum() + columns.max(0)[0].sum()) / len(scores)
    return (rows.sum() + columns.sum()) / len(scores)


model = VSE()
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(1, epochs + 1):
    start = time.time()
    model.train()
    for group in optimizer.param_groups:
        group["lr"] = 1e-3 if epoch <= epochs * 2 // 3 else 1e-4
    order = torch.randperm(len(train[0]))
    for i in range(0, len(order) - 127, 128):
        image, tokens, lengths, label = (part[order[i:i + 128]] for part in train)
        v, t, logits = model(image, tokens, lengths)
        loss = F.cross_entropy(logits, label) + ranking(v, t, epoch > 1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
    print(f"epoch {epoch}  loss {loss.item():.3f}  {time.time() - start:.1f} s", flush=True)

model.eval()
with torch.no_grad():
    parts = [model(*(part[i:i + 250] for part in test[:3])) for i in range(0, len(test[0]), 250)]
v, t, logits = (torch.cat(list(part)) for part in zip(*parts))
scores = F.normalize(v) @ F.normalize(t).t()
recalls = []
for s in (scores, scores.t()):
    ahead = (s >= s.diag()[:, None]).sum(1) - 1
    recalls += [(ahead < k).float().mean().item() * 100 for k in (1, 5, 10)]
accuracy = (logits.argmax(1) == test[3]).float().mean().item() * 100
print(f"TEST seed {seed} accuracy {accuracy:.1f} rsum {sum(recalls):.1f}")
