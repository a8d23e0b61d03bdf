"""Writes picture_kinds.safetensors: what Pillow 13.0 reads from the files of
spec/support/picture_kinds.lua, uint8 [4,H,W]; those of EXIF also turned, as NAME/turned.

    cd spec/golden && python3 picture_kinds.py
"""
import os
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageOps

import st

WRITE = """
package.path = "./?.lua"
for name, bytes in pairs(require "spec.support.picture_kinds") do
  local file = assert(io.open(arg[1] .. "/" .. name, "wb"))
  file:write(bytes)
  file:close()
end
"""


def planes(image):
    return np.ascontiguousarray(np.asarray(image.convert("RGBA")).transpose(2, 0, 1))


values = {}
with tempfile.TemporaryDirectory() as folder:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRITE)
        script.flush()
        subprocess.run(["lua5.4", script.name, folder], cwd="../..", check=True)
    for name in sorted(os.listdir(folder)):
        image = Image.open(os.path.join(folder, name))
        values[name] = planes(image)
        if name.startswith("exif"):
            values[name + "/turned"] = planes(ImageOps.exif_transpose(image))
st.save("picture_kinds.safetensors", values)
