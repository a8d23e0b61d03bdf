"""The epoch of bench/captions.lua in PyTorch, with the data that it wrote, in the way of VSE++.

    python3 bench/captions_torch.py FOLDER [--epochs=2] [--threads=2] [--workers=0] [--seed=1]

Same pairs, model, loss, optimizer and validation; features come from memory-mapped .npy files,
captions are sorted by length in the collate function and packed.  Needs torch, numpy and h5py.
The peak memory is that of this process, without the loader's workers.
"""
import argparse
import time

import h5py
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("folder")
for name, default in (("epochs", 2), ("threads", 2), ("workers", 0), ("seed", 1)):
    parser.add_argument("--" + name, type=int, default=default)
o = parser.parse_args()
torch.set_num_threads(o.threads)
torch.manual_seed(o.seed)


class Captions(Dataset):
    """One sample a caption: its image's features, its tokens, its number."""

    def __init__(self, split):
        with h5py.File(o.folder + "/captions.h5", "r") as file:
            caption = file[split]["caption"]
            self.tokens, self.offset, self.image = caption["tokens"][:], caption["offset"][:], caption["image"][:]
        self.features = np.load(f"{o.folder}/{split}_ims.npy", mmap_mode="r")

    def __len__(self):
        return len(self.image)

    def __getitem__(self, i):
        tokens = torch.from_numpy(self.tokens[self.offset[i]:self.offset[i + 1]].astype(np.int64))
        return torch.from_numpy(np.array(self.features[self.image[i]])), tokens, i


def collate(samples):
    samples.sort(key=lambda sample: len(sample[1]), reverse=True)
    images, captions, index = zip(*samples)
    lengths = [len(caption) for caption in captions]
    targets = torch.zeros(len(captions), max(lengths), dtype=torch.long)
    for i, caption in enumerate(captions):
        targets[i, :lengths[i]] = caption
    return torch.stack(images, 0), targets, lengths, list(index)


class VSE(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.fc = nn.Linear(2048, 512)
        self.embed = nn.Embedding(words, 300)
        self.rnn = nn.GRU(300, 512, batch_first=True)

    def forward(self, images, tokens, lengths):
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True)
        states, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        last = (torch.tensor(lengths) - 1).view(-1, 1, 1).expand(-1, 1, 512)
        return F.normalize(self.fc(images), dim=1), F.normalize(states.gather(1, last).squeeze(1), dim=1)


def ranking(v, t, hardest, margin=0.2):
    scores = v @ t.t()
    right = scores.diag().view(-1, 1)
    own = torch.eye(len(scores), dtype=torch.bool)
    rows = (margin + scores - right).clamp(min=0).masked_fill(own, 0)
    columns = (margin + scores - right.t()).clamp(min=0).masked_fill(own, 0)
    if hardest:
        return (rows.max(1)[0].sum() + columns.max(0)[0].sum()) / len(scores)
    return (rows.sum() + columns.sum()) / len(scores)


def validate(model, loader):
    """The sum of recalls at 1, 5, 10 in both directions."""
    data = loader.dataset
    v, t = torch.zeros(len(data.features), 512), torch.zeros(len(data), 512)
    model.eval()
    with torch.no_grad():
        for images, tokens, lengths, index in loader:
            a, b = model(images, tokens, lengths)
            v[torch.from_numpy(data.image[index])], t[index] = a, b
        image = torch.from_numpy(data.image)
        scores = v @ t.t()
        captions = torch.arange(len(t))
        own = scores[image, captions]
        t2i = (scores >= own).sum(0)
        best = own.view(len(v), -1).max(1)[0]  # five captions an image, in order
        others = image[None, :] != torch.arange(len(v))[:, None]
        i2t = ((scores >= best[:, None]) & others).sum(1) + 1
    return sum((ranks <= k).float().mean().item() * 100 for ranks in (i2t, t2i) for k in (1, 5, 10))


train, val = Captions("train"), Captions("val")
with h5py.File(o.folder + "/captions.h5", "r") as file:
    model = VSE(len(file["vocab/words"]))
optimizer = torch.optim.Adam(model.parameters(), 2e-4)
options = {"batch_size": 128, "num_workers": o.workers, "collate_fn": collate}
train_loader = DataLoader(train, shuffle=True, **options)
val_loader = DataLoader(val, **options)
print(f"PyTorch {torch.__version__}, {o.threads} threads, {len(train)} pairs of {len(train.features)} images")
for epoch in range(1, o.epochs + 1):
    start, total = time.time(), 0.0
    model.train()
    for images, tokens, lengths, _ in train_loader:
        v, t = model(images, tokens, lengths)
        loss = ranking(v, t, epoch > 1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
        total += loss.item()
    rsum = validate(model, val_loader)
    print(f"epoch {epoch}  {time.time() - start:.2f} s  loss {total / len(train_loader):.3f}  val rsum {rsum:.1f}",
          flush=True)
with open("/proc/self/status") as status:
    for line in status:
        if line.startswith("VmHWM:"):
            print(f"peak memory {int(line.split()[1]) / 1024:.0f} MiB")
