"""spec/fixtures/bert/pytorch_model.bin: the weights of the model.safetensors beside it as the folders of
older BERTs have them: torch.save of a pre-training model's state, with the prefix bert., LayerNorm's
gamma and beta, the buffer position_ids, and a head that shares the table of words.
Run: python3 spec/golden/bert_bin.py"""
import json
import os
import struct
from collections import OrderedDict

import torch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "bert")

with open(os.path.join(FOLDER, "model.safetensors"), "rb") as f:
    bytes_ = f.read()
first = 8 + struct.unpack("<Q", bytes_[:8])[0]
state = OrderedDict()
for name, t in json.loads(bytes_[8:first]).items():
    if name == "__metadata__":
        continue
    assert t["dtype"] == "F32"
    begin, end = (first + at for at in t["data_offsets"])
    values = torch.frombuffer(bytearray(bytes_[begin:end]), dtype=torch.float32).clone().reshape(t["shape"])
    name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    state["bert." + name] = values
words = state["bert.embeddings.word_embeddings.weight"]
state["bert.embeddings.position_ids"] = torch.arange(16).expand((1, -1))
state["cls.predictions.bias"] = torch.zeros(len(words))
state["cls.predictions.decoder.weight"] = words
state["cls.seq_relationship.weight"] = torch.zeros(2, words.shape[1])
torch.save(state, os.path.join(FOLDER, "pytorch_model.bin"))
