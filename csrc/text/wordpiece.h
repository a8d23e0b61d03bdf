/* BERT's tokenizer: basic tokens, then the longest pieces of the vocabulary (Devlin et al. 2019;
 * Schuster and Nakajima 2012 for the pieces).
 *
 * Control characters are removed, ideographs are separated by spaces, with `strip` accents are
 * stripped (NFD) and with `lowercase` letters lowered; words are split at white space and around
 * punctuation; each word is cut greedily into the longest pieces, those after the first written
 * "##piece"; a word that cannot be cut, or of more than 100 characters, is [UNK].  The special
 * tokens of the vocabulary stay whole where a text holds them literally.  Ids are line numbers of
 * vocab.txt: the id in Hugging Face files plus 1.
 *
 * Properties of characters are those of libutf8proc's Unicode (2.8: version 14).  Hugging Face's
 * fast tokenizer has categories of version 8, decompositions of 12 and lower case of 17, and does
 * not put spaces around U+2B820 to U+2B91F; its slow one, with the properties of Python's
 * unicodedata, removes unassigned characters too and composes (NFC) what keeps its accents.  All
 * else is the same. */
#ifndef VS_WORDPIECE_H
#define VS_WORDPIECE_H

#include "core/strmap.h"
#include "io/strings.h"
#include "text/ids.h"

enum { VS_WORDPIECE_MAX_WORD = 100 }; /* characters; longer words are [UNK] */

typedef struct vs_wordpiece {
  vs_strmap map;                    /* id - 1 -> piece */
  bool lowercase, strip;            /* strip is the same as lowercase unless it is set */
  bool replace;                     /* invalid UTF-8 is dropped instead of being an error */
  int64_t max_len;                  /* of an encoded row, [CLS] and [SEP] included */
  int64_t pad, unk, cls, sep, mask; /* ids; mask is 0 when the file has none */
} vs_wordpiece;

/* Reads vocab.txt, one piece a line, or the WordPiece model of a tokenizer.json, which also sets
 * `lowercase` and `strip`; of its settings that change pieces, others than BERT's are refused. NULL
 * when the file cannot be read, a piece is a duplicate, or [PAD], [UNK], [CLS]
 * or [SEP] is missing. */
vs_wordpiece *vs_wordpiece_load(const char *path);
/* The same of a list of pieces in the order of their ids. */
vs_wordpiece *vs_wordpiece_new(const vs_strings *pieces);
void vs_wordpiece_free(vs_wordpiece *w);

static inline int64_t vs_wordpiece_id(const vs_wordpiece *w, const char *piece, size_t len) {
  return vs_strmap_find(&w->map, piece, len) + 1; /* 0: not in it, no error */
}
static inline const char *vs_wordpiece_piece(const vs_wordpiece *w, int64_t id, size_t *len) {
  return vs_strmap_by_id(&w->map, id, len);
}

/* Appends the pieces of a text to the row being made; does not end it. */
int vs_wordpiece_pieces(const vs_wordpiece *w, const char *s, size_t n, vs_ids *out);
/* Appends one row: [CLS] a [SEP], or [CLS] a [SEP] b [SEP] when b is not NULL, cut to max_len
 * ids (the longer of the two first).  types gets, beside each id, 1 for the first text and 2 for
 * the second. */
int vs_wordpiece_encode(const vs_wordpiece *w, const char *a, size_t na, const char *b, size_t nb,
                        int64_t max_len, vs_ids *out, vs_ids *types);

#endif
