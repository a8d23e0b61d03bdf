"""Writes ../fixtures/io/*: one small picture in every format that vs.image reads, and
pictures.safetensors: its pixels as Pillow 9.4 reads them, uint8 [3,H,W] over white.

    cd spec/golden && python3 pictures.py
"""
import os

import numpy as np
from PIL import Image

import st

FOLDER = "../fixtures/io"
os.makedirs(FOLDER, exist_ok=True)
H, W = 14, 18
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 14, y * 18, 255 - x * 7 - y * 6], -1).astype(np.uint8)
picture = Image.fromarray(rgb)
alpha = Image.fromarray(np.dstack([rgb, (x * 15).astype(np.uint8)]))
FILES = {
    "rgb.jpg": (picture, {"quality": 95, "subsampling": 0}),
    "progressive.jpg": (picture, {"quality": 95, "subsampling": 0, "progressive": True}),
    "halved.jpg": (picture, {"quality": 95, "subsampling": 2}),
    "grey.jpg": (picture.convert("L"), {"quality": 95}),
    "rgb.png": (picture, {}),
    "grey.png": (picture.convert("L"), {}),
    "palette.png": (picture.quantize(16), {}),
    "bits.png": (picture.convert("1"), {}),
    "alpha.png": (alpha, {}),
    "rgb.bmp": (picture, {}),
    "palette.bmp": (picture.quantize(16), {}),
    "frame.gif": (picture.quantize(32), {}),
}
values = {}
for name, (image, options) in FILES.items():
    image.save(os.path.join(FOLDER, name), **options)
    read = Image.open(os.path.join(FOLDER, name))
    if read.mode == "RGBA":
        white = Image.new("RGBA", read.size, (255, 255, 255, 255))
        read = Image.alpha_composite(white, read)
    values[name] = np.ascontiguousarray(np.array(read.convert("RGB")).transpose(2, 0, 1))
st.save("pictures.safetensors", values)
