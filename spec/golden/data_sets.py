"""Makes the fixtures of spec/data/{visual_genome,inshop,fashiongen,karpathy}_spec.lua, made-up files in the
exact layouts with pictures of a few pixels: python3 spec/golden/data_sets.py"""
import json
import os
import h5py
import numpy as np
from PIL import Image

OUT = os.path.join(os.path.dirname(__file__), "..", "fixtures", "sets")
TEXTS = ["input_name", "input_description", "input_category", "input_subcategory"]


def picture(path, value, width, height):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Image.new("L", (width, height), value).save(path, quality=90, optimize=True)


# --- Fashion-Gen ---

def rows_of(first, n):
    """Two or three views of each product, one after the other."""
    rows, product = [], first
    while len(rows) < n:
        kind = ["SHIRTS", "JEANS"][product % 2]
        for view in range(2 + product % 2):
            rows.append((product, view, "Rosé shirt %d" % product if product % 2 == 0 else "Blue jeans",
                         "Cotton, crème piping, no. %d." % product, kind, kind.title() + " slim"))
        product += 1
    return rows[:n]


def write(name, rows, **change):
    with h5py.File(os.path.join(OUT, name), "w") as f:
        n = len(rows)
        images = np.zeros((n, 4, 4, 3), np.uint8)
        for i, row in enumerate(rows):
            images[i] = [row[0] % 256, row[1] * 10, i]
        data = {"input_image": images, "input_productID": np.array([[r[0]] for r in rows], np.int64),
                "index_2": np.arange(n)[:, None]}
        for k, text in enumerate(TEXTS):
            data[text] = np.array([[r[2 + k].encode("latin-1")] for r in rows], dtype="S48")
        data.update(change)
        for key, value in data.items():
            if value is not None:
                f.create_dataset(key, data=value, compression="gzip" if key == "input_image" else None)


train, held = rows_of(100, 24), rows_of(108, 6)
write("fashiongen_train.h5", train)
write("fashiongen_validation.h5", held)
write("fashiongen_short.h5", train, input_category=np.array([[b"JEANS"]] * 23, dtype="S48"))
write("fashiongen_column.h5", train, input_name=None)
write("fashiongen_half.h5", train, input_productID=np.array([[0.5]] * 24, np.float64))
write("fashiongen_grey.h5", train, input_image=np.zeros((24, 4, 4), np.uint8))

# --- Visual Genome: the JSON files are one line each, as published ---

VG = os.path.join(OUT, "visual_genome")
NAMES = ["dog", "tree", "car"]


def save_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(value, f)


def vg_image(i):
    return {"image_id": i, "width": 16, "height": 8, "coco_id": 1000 + i // 2 if i > 8 else None,
            "flickr_id": None, "url": "https://example.org/VG_100K/%d.jpg" % i}


def vg_regions(i):
    main = NAMES[i % 3]
    phrases = ["A brown %s " % main, "a brown %s" % main, "the %s number %d" % (main, i), "",
               "café sign"]
    return {"id": i, "regions": [
        {"region_id": 100 * i + k, "image_id": i, "x": 4 * k, "y": 2, "width": 8, "height": 4,
         "phrase": p} for k, p in enumerate(phrases)]}


def vg_objects(i):
    def entry(k, name):
        return {"object_id": 10 * i + k, "x": 0, "y": 0, "w": 4, "h": 4, "names": [name],
                "synsets": [name + ".n.01"], "merged_object_ids": []}
    names = [NAMES[i % 3]] * 2 + [NAMES[(i + 1) % 3], "Sky"]
    return {"image_id": i, "image_url": "", "objects": [entry(k, n) for k, n in enumerate(names)]}


def vg_attributes(i):
    return {"image_id": i, "attributes": [
        {"object_id": 10 * i, "x": 0, "y": 0, "w": 4, "h": 4, "names": [NAMES[i % 3]],
         "synsets": [], "attributes": ["brown", "large"] if i % 2 else ["brown"]},
        {"object_id": 10 * i + 1, "x": 0, "y": 0, "w": 4, "h": 4, "names": ["sky"],
         "synsets": []}]}


ids = range(1, 13)
save_json(os.path.join(VG, "image_data.json"), [vg_image(i) for i in ids])
save_json(os.path.join(VG, "region_descriptions.json"), [vg_regions(i) for i in ids])
save_json(os.path.join(VG, "objects.json"), [vg_objects(i) for i in ids])
save_json(os.path.join(VG, "attributes.json"), [vg_attributes(i) for i in ids])
for i in ids:
    picture(os.path.join(VG, "VG_100K" if i % 2 else "VG_100K_2", "%d.jpg" % i), 10 * i, 16, 8)

# --- DeepFashion In-shop: items 1 to 8 are for training, 9 to 11 have query and gallery images ---

SHOP = os.path.join(OUT, "inshop")
TYPE = {"WOMEN/Dresses": 3, "MEN/Denim": 2, "WOMEN/Tees_Tanks": 1}
POINTS = {1: 6, 2: 4, 3: 8}
bbox, landmarks, partition, descriptions = [], [], [], []
for i in range(1, 12):
    category = list(TYPE)[i % 3]
    item = "id_%08d" % i
    if i != 5:
        descriptions.append({"item": item, "color": "Black" if i % 2 else "Crème",
                             "description": ["A knit number %d." % ((i + 1) // 2), "- 100% cotton", " "]})
    for view in (1, 2):
        name = "img/%s/%s/0%d_%d_front.jpg" % (category, item, view, view)
        kind = TYPE[category]
        use = "train" if i <= 8 else "query" if view == 1 else "gallery"
        bbox.append("%s  %d  1  4 2 12 8" % (name, kind))
        points = " ".join("%d %d %d" % (k % 3, 2 * k, k) for k in range(POINTS[kind]))
        landmarks.append("%s  %d  1  %s" % (name, kind, points))
        partition.append("%-60s %s %s" % (name, item, use))
        picture(os.path.join(SHOP, "Img", name), 20 * i, 16, 8)


def save_list(name, head, rows):
    path = os.path.join(SHOP, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write("\n".join([str(len(rows))] + head + rows) + "\n")


save_list("Anno/list_item_inshop.txt", [], ["id_%08d" % i for i in range(1, 12)])
save_list("Anno/list_bbox_inshop.txt", ["image_name  clothes_type  pose_type  x_1  y_1  x_2  y_2"], bbox)
save_list("Anno/list_landmarks_inshop.txt", ["image_name  clothes_type  variation_type  " + "  ".join(
    "landmark_visibility_%d  landmark_location_x_%d  landmark_location_y_%d" % (k, k, k)
    for k in range(1, 9))], landmarks)
save_list("Eval/list_eval_partition.txt", ["image_name item_id evaluation_status"], partition)
save_json(os.path.join(SHOP, "Anno", "list_description_inshop.json"), descriptions)

# --- Karpathy's splits: six images with five sentences, as in dataset_coco.json ---

COCO = os.path.join(OUT, "karpathy")
USE = ["train", "restval", "train", "val", "test", "train"]
images = []
for i, use in enumerate(USE, 1):
    folder = "train2014" if use == "train" else "val2014"
    images.append({
        "filepath": folder, "sentids": [10 * i + k for k in range(5)], "filename": "COCO_%d.jpg" % i,
        "imgid": i - 1, "split": use, "cocoid": 100 + i, "sentences": [
            {"tokens": ["a", "café"], "raw": "A café number %d from side %d. " % (i, k), "imgid": i - 1,
             "sentid": 10 * i + k} for k in range(5)]})
    picture(os.path.join(COCO, folder, "COCO_%d.jpg" % i), 30 * i, 16, 8)
save_json(os.path.join(COCO, "dataset_coco.json"), {"images": images, "dataset": "coco"})
