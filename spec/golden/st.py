"""Writes a safetensors file: an 8-byte length, a JSON header, the bytes of each array in order."""
import json
import struct

import numpy as np

NAMES = {"float32": "F32", "float64": "F64", "int64": "I64", "int32": "I32", "uint8": "U8",
         "bool": "BOOL"}


def save(path, arrays):
    """arrays: {name: numpy array}; names are sorted, so that equal values give equal bytes."""
    header, blobs, at = {}, [], 0
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        blob = array.tobytes()  # C order
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
