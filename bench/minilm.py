"""Sentence embeddings of a Hugging Face folder by transformers and PyTorch, as sentence-transformers
computes them: mean over the pieces, normalised.  Run: python3 bench/minilm.py FOLDER OUT
(bench/minilm.lua does, and compares).

Writes OUT/texts.json and OUT/embeddings.npy (float32 [N,D])."""
import json
import os
import sys

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

WORDS = """the red hat lies on an old wooden table while two dogs chase a yellow ball through wet
grass before somebody opens unbelievably complicated windows""".split()

TEXTS = [
    "This is an example sentence", "Each sentence is converted", "hat", "A", "", " ", "\t\n",
    "?!", "...", "a b c d e f g", "Hello, World!", "HELLO world", "The cat sat on the mat.",
    "A man is eating food.", "A man is eating a piece of bread.", "Nobody likes Mondays, right?",
    "blue denim jacket with 2 pockets (men's, size XL)", "e-mail: someone@example.org, $19.99",
    "antidisestablishmentarianism", "https://example.org/a/b?c=d&e=f#g", "3.14159 and 2,718,281",
    "Ünïcödé façade naïve café", "Größenwahn in Österreich, Straße", "Ελληνικά γράμματα με τόνους",
    "Привет, мир! Как дела?", "日本語のテキスト", "中文字符和English混合", "한국어 문장입니다",
    "שלום עולם", "مرحبا بالعالم", "हिन्दी में एक वाक्य", "emoji 😀 party 🎉🎉", "I ❤️ tea ☕",
    "zero\u200bwidth and soft\u00adhyphen", "non\u00a0breaking\u2003spaces", "ﬁ ligature Ⅷ ½ ㎏",
    "[CLS] inside [SEP] a text [MASK]", "x" * 99, "x" * 101, "hat " * 253, "hat " * 254,
    "hat " * 255, "word " * 600, " ".join(WORDS * 2), " ".join(WORDS * 30), "long-" * 300,
]
TEXTS += [" ".join(WORDS[i % len(WORDS)] for i in range(7 * k, 13 * k + 5)) for k in range(12)]


def main(folder, out):
    most = 512
    limits = os.path.join(folder, "sentence_bert_config.json")
    if os.path.exists(limits):
        most = json.load(open(limits))["max_seq_length"]
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    model = model.double().eval()
    rows = []
    for text in TEXTS:
        batch = tokenizer(text, truncation=True, max_length=most, padding=False,
                          return_tensors="pt")
        with torch.no_grad():
            hidden = model(**batch)[0]
        rows.append(torch.nn.functional.normalize(hidden.mean(1), dim=1)[0])
    np.save(os.path.join(out, "embeddings.npy"), torch.stack(rows).float().numpy())
    with open(os.path.join(out, "texts.json"), "w") as file:
        json.dump(TEXTS, file)


main(*sys.argv[1:])
