"""The .npy files in spec/fixtures/npy: arrays as numpy writes them, in each version, order and dtype
that is read, and some that are refused.  Run: python3 spec/golden/npy_files.py

Broken files are made by spec/io/npy_spec.lua from these."""
import os

import numpy as np
from numpy.lib import format as npy

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "npy")
os.makedirs(folder, exist_ok=True)


def save(name, array, version=(1, 0)):
    with open(os.path.join(folder, name + ".npy"), "wb") as file:
        npy.write_array(file, np.asanyarray(array), version=version)


small = np.array([[0, 1, 2], [3, 4, 250]])
for dtype in ("f4", "f8", "f2", "i8", "i4", "u1"):
    save(dtype, small.astype(dtype))
save("b1", np.array([True, False, True]))
save("signs", np.array([[-1.5, 0.25], [np.inf, np.nan]], "f4"))
save("large", np.array([2 ** 53 + 1, -2 ** 63, 2 ** 63 - 1], "i8"))
save("one", np.float64(2.5))
save("none", np.zeros((0, 4), "f4"))
save("cube", np.arange(24, dtype="f4").reshape(2, 3, 4))
save("fortran", np.asfortranarray(np.arange(24, dtype="f4").reshape(2, 3, 4)))
save("fortran_i8", np.asfortranarray(np.arange(6, dtype="i8").reshape(2, 3)))
save("version2", np.arange(5, dtype="i4"), (2, 0))
save("version3", np.arange(5, dtype="i4"), (3, 0))
save("big_endian", np.arange(3, dtype=">f4"))
save("text", np.array(["a", "bc"]))
save("record", np.zeros(2, [("a", "f4"), ("b", "i8")]))
save("i2", np.arange(3, dtype="i2"))
save("complex", np.zeros(2, "c8"))
save("nine", np.zeros((1,) * 9, "f4"))
