"""Makes spec/fixtures/sets/precomputed for spec/data/precomputed_spec.lua: made-up region features with
boxes, in the files and the forms of SCAN's f30k_precomp.  python3 spec/golden/precomputed.py"""
import os
import numpy as np

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "sets", "precomputed")
os.makedirs(OUT, exist_ok=True)
WORDS = {"train": "red", "dev": "green", "test": "blue", "testall": "blue"}


def split(name, first, images):
    """Image k has the features 100 k + 10 region + place, and is 10 k wide and 20 high."""
    numbers = range(first, first + images)
    ims = np.array([[[100 * k + 10 * r + d for d in range(2)] for r in range(3)] for k in numbers], np.float32)
    boxes = np.array([[[k, 2, 5 * k, 10], [0, 0, 10 * k, 20], [-1, 5, 11 * k, 15]] for k in numbers], np.float32)
    for what, array in [("ims", ims), ("boxes", boxes), ("img_sizes", np.array([[10 * k, 20] for k in numbers]))]:
        np.save(os.path.join(OUT, "%s_%s.npy" % (name, what)), array)
    with open(os.path.join(OUT, name + "_caps.txt"), "w") as f:
        f.writelines("A %s hat, no. %d of image %d.\n" % (WORDS[name], c, k) for k in numbers for c in range(1, 6))
    with open(os.path.join(OUT, name + "_ids.txt"), "w") as f:
        f.writelines("%d\n" % (1000 + k) for k in numbers)


split("train", 1, 4)
split("dev", 5, 2)
split("test", 7, 1)
split("testall", 7, 3)
