/* The WordPiece model of a tokenizer.json, Hugging Face's file of a fast tokenizer. */
#ifndef VS_WORDPIECE_JSON_H
#define VS_WORDPIECE_JSON_H

#include "text/wordpiece.h"

/* Reads the pieces, `lowercase` and `strip` into an empty w.  What else changes ids has to be as in
 * BERT's own file or is refused by name.  0 or -1. */
int vs_wordpiece_read_json(vs_wordpiece *w, const char *path);

#endif
