/* A vocabulary: words and their ids, counted from 1.
 *
 * Invariant: id 1 is "<pad>", id 2 "<unk>", then, in a built one, words in byte order, so that
 * the same texts always give the same ids.  A vocabulary does not change once built. */
#ifndef VS_VOCAB_H
#define VS_VOCAB_H

#include "core/strmap.h"
#include "text/ids.h"

enum { VS_PAD_ID = 1, VS_UNK_ID = 2 };

typedef struct vs_vocab {
  vs_strmap map;  /* id - 1 -> word */
  int64_t *count; /* of each word in the texts it was built from; NULL when it was made of a list */
  size_t count_room;
} vs_vocab;

vs_vocab *vs_vocab_new(void);
void vs_vocab_free(vs_vocab *v);

/* Either: count every text, then build.  Words seen fewer than min_count times are left out; with
 * max_size > 0 (ids in all, at least 3) the most frequent are kept, among equals the first in byte
 * order. */
int vs_vocab_add_text(vs_vocab *v, const char *s, size_t n, bool replace);
int vs_vocab_build(vs_vocab *v, int64_t min_count, int64_t max_size);
/* Or: add the words in id order; the first two must be "<pad>" and "<unk>", none may be a
 * duplicate. */
int vs_vocab_add_word(vs_vocab *v, const char *word, size_t len);

static inline int64_t vs_vocab_size(const vs_vocab *v) { return v->map.n; }
static inline int64_t vs_vocab_id(const vs_vocab *v, const char *word, size_t len) {
  return vs_strmap_find(&v->map, word, len) + 1; /* 0: not in it, no error */
}
static inline const char *vs_vocab_word(const vs_vocab *v, int64_t id, size_t *len) {
  return vs_strmap_by_id(&v->map, id, len);
}

/* Appends the ids of the words of a text (at most max_len if > 0) as one row; no words: one unk. */
int vs_vocab_encode(const vs_vocab *v, const char *s, size_t n, int64_t max_len, bool replace,
                    vs_ids *out);

#endif
