"""The peer of bench/chunks.lua: chunks_h5py.py FILE.h5 ORDER.npy BATCH

Reads the batches of ORDER, whose samples count from 1, and prints the seconds it took.  h5py wants
rising rows: each batch is read sorted and put into its order again.  Its cache of chunks is made
larger than vesper's.
"""
import sys
import time

import h5py
import numpy as np

path, order, batch = sys.argv[1], np.load(sys.argv[2]) - 1, int(sys.argv[3])
CACHE = 64 << 20  # bytes; h5py's own default of 1 MB would hold one of the chunks
with h5py.File(path, rdcc_nbytes=CACHE, rdcc_nslots=10007) as file:
    images = file["train/image"]
    start = time.perf_counter()
    for at in range(0, len(order), batch):
        rows = order[at:at + batch]
        rising = np.argsort(rows)
        out = np.empty((len(rows),) + images.shape[1:], images.dtype)
        out[rising] = images[rows[rising]]
    print(time.perf_counter() - start)
