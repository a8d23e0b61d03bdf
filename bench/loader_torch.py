"""The peer of bench/loader.lua: PIL and PyTorch's DataLoader.

loader_torch.py save|time LIST OUT.npy HEIGHT WIDTH BATCH WORKERS

save writes the first batch, in order, as uint8 [B,3,H,W]; time prints the seconds of one shuffled
epoch over the files of LIST, after one that is not timed.
"""
import sys
import time

import numpy as np
import torch
from PIL import Image


class Pictures(torch.utils.data.Dataset):
    def __init__(self, paths, height, width):
        self.paths, self.size = paths, (width, height)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        with Image.open(self.paths[i]) as picture:
            if picture.mode == "RGBA" or "transparency" in picture.info:
                picture = picture.convert("RGBA")
                white = Image.new("RGB", picture.size, "white")
                white.paste(picture, mask=picture.getchannel("A"))
                picture = white
            else:
                picture = picture.convert("RGB")
        if picture.size != self.size:
            picture = picture.resize(self.size, Image.BILINEAR)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def main():
    command, paths, out, height, width, batch, workers = sys.argv[1:]
    pictures = Pictures(open(paths).read().split("\n")[:-1], int(height), int(width))
    if command == "save":
        first = [pictures[i] for i in range(min(int(batch), len(pictures)))]
        np.save(out, torch.stack(first).contiguous().numpy())
        return
    loader = torch.utils.data.DataLoader(pictures, batch_size=int(batch), shuffle=True,
                                         num_workers=int(workers), persistent_workers=True)
    for _ in range(2):
        start = time.perf_counter()
        count = sum(len(images) for images in loader)
        seconds = time.perf_counter() - start
    assert count == len(pictures)
    print(seconds)


main()
