"""Makes the HDF5 fixtures of spec/io/h5_spec.lua with h5py: python3 spec/golden/h5_files.py
They are files that vesper's own writer would never write."""
import os
import struct
import h5py
import numpy as np

OUT = os.path.join(os.path.dirname(__file__), "..", "fixtures", "io")


def new(file, libver="latest", **attrs):
    f = h5py.File(os.path.join(OUT, file), "w", libver=libver)
    f.attrs.update({"format": "vesper-dataset", "version": 1, "index_base": 0, **attrs})
    return f


with new("foreign.h5", "earliest", name="foreign", rate=0.5) as f:
    # strings of varying length, 64-bit labels, contiguous and fixed data, half floats
    f.create_dataset("classes", data=["cup", "hat"], dtype=h5py.string_dtype())
    f.create_dataset("vocab/words", data=["<pad>", "<unk>", "red"], dtype=h5py.string_dtype())
    g = f.create_group("train")
    g["image"] = np.arange(2 * 3 * 2 * 2, dtype=np.uint8).reshape(2, 3, 2, 2)
    g["label"] = np.array([1, 0], np.int64)
    g["caption/tokens"] = np.array([2, 1, 2], np.uint8)
    g["caption/offset"] = np.array([0, 1, 3], np.int32)
    g["caption/image"] = np.array([1, 0], np.int32)
    g.create_dataset("caption/text", data=["red", "très red"], dtype=h5py.string_dtype())
    g["image_id"] = np.array([b"a", b"bb"])
    g["region/feature"] = np.array([[[0.5, -2]], [[65504, 2 ** -24]]], np.float16)

with new("pieces.h5", "earliest") as f:  # chunks that cut rows apart, other ones for the features
    number = np.arange(50).reshape(50, 1, 1, 1)
    f.create_dataset("train/image", data=np.broadcast_to(number, (50, 3, 6, 10)).astype(np.uint8),
                     chunks=(8, 2, 4, 3), compression=4, shuffle=True)
    f.create_dataset("train/region/feature", chunks=(16, 1, 2), compression=4,
                     data=np.broadcast_to(number[..., 0], (50, 2, 3)).astype(np.float32))

with new("huge.h5") as f:  # a shape without bytes
    f.create_dataset("train/image", (10 ** 9, 3, 640, 480), np.uint8, chunks=(1, 3, 64, 48),
                     maxshape=(None, 3, 640, 480))

with new("dense.h5") as f:  # compressed beyond what deflate can do
    d = f.create_dataset("train/image", (10 ** 9, 3, 4, 4), np.uint8, chunks=(64, 3, 4, 4),
                         maxshape=(None, 3, 4, 4), compression=9)
    d[0] = 1

with new("parts.h5", "earliest") as f:  # written in part, scalars, attributes with zero bytes
    d = f.create_dataset("rows", (100, 4), np.int16, chunks=(10, 4), fillvalue=7)
    d[20:25] = np.arange(20).reshape(5, 4)
    f.create_dataset("nothing", (3, 2), np.float32)
    d = f.create_dataset("packed", (100, 2), np.float32, chunks=(10, 2), compression=4)
    d[0:10] = 1.5
    f.create_dataset("ids", (5,), h5py.string_dtype(), chunks=(2,))[0:2] = ["a", "bc"]
    f["number"], f["half"], f["yes"], f["word"] = np.int32(-3), np.float16(0.5), np.bool_(True), np.bytes_(b"red")
    f.create_dataset("empty", dtype="f4")
    g = f.create_group("train")
    g["image"] = np.zeros((10, 3, 2, 2), np.uint8)
    d = g.create_dataset("label", (10,), np.int32, chunks=(2,))
    d[0:4] = 1
    g = f.create_group("val")
    g.create_dataset("image", (10, 3, 2, 2), np.uint8, chunks=(1, 3, 2, 2))[0:7] = 1
    g = f.create_group("test")
    g["image"] = np.zeros((4, 3, 2, 2), np.uint8)
    f.attrs.create("zero", np.bytes_(b"a\0b"), dtype="S5")
    f.attrs["name"] = "parts"

with new("zero_name.h5", name=np.bytes_(b"a\0b")) as f:
    f["train/image"] = np.zeros((2, 3, 4, 4), np.uint8)

with new("grey.h5") as f:
    f["train/image"] = np.zeros((2, 1, 4, 4), np.uint8)

with new("wide.h5") as f:
    f["train/image"] = np.zeros((2, 3, 4, 4), np.int16)

with new("flat.h5") as f:
    f["train/image"] = np.zeros((2, 48), np.uint8)

with new("short.h5") as f:
    f["train/image"] = np.zeros((2, 3, 2, 2), np.uint8)
    f["train/label"] = np.zeros(3, np.int32)

with new("tags.h5") as f:  # two names, three columns
    f.create_dataset("tags", data=["red", "big"], dtype=h5py.string_dtype())
    f["train/image"] = np.zeros((2, 3, 2, 2), np.uint8)
    f["train/tags"] = np.zeros((2, 3), np.uint8)

with new("pairs.h5", "earliest", landmark_pairs=np.bytes_("0,1 4,2")) as f:
    f["train/image"] = np.zeros((2, 3, 2, 2), np.uint8)
    f["train/landmark"] = np.zeros((2, 5, 3), np.float32)

with new("noimage.h5") as f:
    f.create_group("train")

with new("nooffset.h5") as f:
    f["train/image"] = np.zeros((2, 3, 2, 2), np.uint8)
    f["train/caption/tokens"] = np.zeros(3, np.int32)
    f["train/caption/image"] = np.zeros(1, np.int32)

with new("outside.h5") as f:  # a link that leads out of the file
    f.create_group("train")
    f["train/image"] = h5py.ExternalLink("foreign.h5", "/train/image")

with new("links.h5") as f:  # fields, a split and the words are links inside the file
    f["store/label"] = np.array([1, 0], np.int64)
    f["store/image"] = np.zeros((2, 3, 2, 2), np.uint8)
    f["store/far"] = h5py.SoftLink("/store/near")
    f["store/near"] = h5py.SoftLink("./label")
    f["train/image"] = f["store/image"]
    f["train/label"] = h5py.SoftLink("/store/far")
    f["val"] = h5py.SoftLink("train")
    f.create_dataset("words", data=["cup", "hat"], dtype=h5py.string_dtype())
    f["classes"] = h5py.SoftLink("words")
    f["nowhere/image"] = f["store/image"]
    f["nowhere/label"] = h5py.SoftLink("/store/lost")
    f["circle/image"] = f["store/image"]
    f["circle/label"] = h5py.SoftLink("round")
    f["circle/round"] = h5py.SoftLink("label")
    f["away/image"] = f["store/image"]
    f["away/label"] = h5py.SoftLink("/away/outside")
    f["away/outside"] = h5py.ExternalLink("foreign.h5", "/train/label")
    f["gone"] = h5py.ExternalLink("foreign.h5", "/train")

with h5py.File(os.path.join(OUT, "values.h5"), "w") as f:
    f["ids"] = np.array([1, 2 ** 63 - 1], np.uint64)
    f["large"] = np.array([1, 2 ** 63], np.uint64)
    f["bytes"] = np.array([b"a\0b", b"\0c", b"abc", b""])
    f["bool"] = np.array([[True, False], [False, True]])
    padded = h5py.h5t.C_S1.copy()
    padded.set_size(4)
    for name, padding in (("ended", h5py.h5t.STR_NULLTERM), ("spaced", h5py.h5t.STR_SPACEPAD)):
        padded.set_strpad(padding)
        space = h5py.h5s.create_simple((2,))
        d = h5py.h5d.create(f.id, name.encode(), padded, space)
        data = np.array([b"a\0b", b"b  "], "S4") if name == "ended" else \
            np.array([b"a\0b ", b" b  "], "S4")
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, data, mtype=padded)
    colour = h5py.enum_dtype({"RED": 0, "BLUE": 1}, basetype="i1")
    f.create_dataset("colour", data=np.array([0, 1], np.int8), dtype=colour)

with new("large.h5", id=np.uint64(2 ** 63)) as f:
    f["train/image"] = np.zeros((2, 3, 2, 2), np.uint8)

with new("tagged.h5") as f:  # tags as numpy's bool
    f.create_dataset("tags", data=["red", "big"], dtype=h5py.string_dtype())
    f["train/image"] = np.zeros((2, 3, 2, 2), np.uint8)
    f["train/tags"] = np.array([[True, False], [True, True]])

with new("version.h5", version=2) as f:
    f.create_group("train")

with h5py.File(os.path.join(OUT, "other.h5"), "w") as f:
    f.create_group("train")

with new("chunk.h5", "earliest") as f:  # a chunk larger than the file, made so by hand
    f.create_dataset("train/image", data=np.zeros((2, 3, 4, 4), np.uint8), chunks=(2, 3, 4, 4))
path = os.path.join(OUT, "chunk.h5")
with open(path, "rb") as f:
    data = f.read()
with open(path, "wb") as f:
    f.write(data.replace(struct.pack("<5I", 2, 3, 4, 4, 1), struct.pack("<5I", 20000000, 3, 4, 4, 1)))
