"""Writes resize.safetensors: small random pictures and what Pillow 9.4 makes of them.

    cd spec/golden && python3 resize.py

in1, in2: uint8 [3,H,W]; "in1/bilinear" and so on: resized to the sizes below.  real: float32 [H,W].
"""
import numpy as np
from PIL import Image

import st

SIZES = {"in1": [(7, 9), (31, 5), (40, 33)], "in2": [(5, 24), (13, 13)]}
FILTERS = ["nearest", "box", "bilinear", "bicubic", "lanczos"]
rng = np.random.default_rng(5)


def resized(picture, size, name):
    return np.array(picture.resize((size[1], size[0]), getattr(Image, name.upper())))


values = {
    "in1": rng.integers(0, 256, (3, 23, 17), dtype=np.uint8),
    "in2": (rng.random((3, 10, 12)) > 0.5).astype(np.uint8) * 255,
    "real": rng.standard_normal((11, 19)).astype(np.float32),
}
for key, sizes in SIZES.items():
    picture = Image.fromarray(np.ascontiguousarray(values[key].transpose(1, 2, 0)))
    for size in sizes:
        for name in FILTERS:
            values[f"{key}/{name}/{size[0]}x{size[1]}"] = np.ascontiguousarray(
                resized(picture, size, name).transpose(2, 0, 1))
for name in FILTERS[1:]:
    values[f"real/{name}/6x25"] = resized(Image.fromarray(values["real"]), (6, 25), name)
st.save("resize.safetensors", values)
