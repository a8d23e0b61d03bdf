/* A vocabulary.  See vocab.h. */
#include "text/vocab.h"

#include <string.h>

#include "core/grow.h"
#include "core/mem.h"
#include "text/words.h"

static const char *const special[] = {"<pad>", "<unk>"};

vs_vocab *vs_vocab_new(void) { return vs_new0(sizeof(vs_vocab)); }

void vs_vocab_free(vs_vocab *v) {
  if (!v) return;
  vs_strmap_free(&v->map);
  free(v->count);
  free(v);
}

int vs_vocab_add_text(vs_vocab *v, const char *s, size_t n, bool replace) {
  vs_words w = {0};
  int got;
  vs_words_start(&w, s, n, replace);
  while ((got = vs_words_next(&w)) == 1) {
    bool fresh;
    int64_t id = vs_strmap_add(&v->map, w.word, w.len, &fresh);
    if (id < 0 || vs_grow(&v->count, &v->count_room, (size_t)id + 1) != 0) {
      got = -1;
      break;
    }
    v->count[id] = fresh ? 1 : v->count[id] + 1;
  }
  vs_words_free(&w);
  return got;
}

typedef struct entry {
  const char *word;
  uint32_t len;
  int64_t count;
} entry;

static int by_bytes(const void *a, const void *b) {
  const entry *x = a, *y = b;
  int c = memcmp(x->word, y->word, VS_MIN(x->len, y->len));
  return c ? c : (x->len > y->len) - (x->len < y->len);
}

static int by_count(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return by_bytes(a, b);
}

/* Collects the words that stay, in byte order; returns how many. */
static size_t choose(const vs_vocab *v, int64_t min_count, int64_t max_size, entry *out) {
  size_t n = 0;
  for (int64_t i = 0; i < v->map.n; i++) {
    size_t len;
    const char *word = vs_strmap_get(&v->map, i, &len);
    if (v->count[i] >= min_count) out[n++] = (entry){word, (uint32_t)len, v->count[i]};
  }
  if (max_size > 0 && n > (size_t)max_size - 2) {
    qsort(out, n, sizeof *out, by_count);
    n = (size_t)max_size - 2;
  }
  qsort(out, n, sizeof *out, by_bytes);
  return n;
}

int vs_vocab_build(vs_vocab *v, int64_t min_count, int64_t max_size) {
  vs_vocab fresh = {0};
  int rc = -1;
  if (max_size > 0 && max_size < 3)
    return vs_fail("max_size is %lld, expected 3 or more ids (the"
                   " first two are <pad> and <unk>)",
                   (long long)max_size);
  entry *e = vs_new(((size_t)v->map.n + 1) * sizeof *e);
  if (!e) return -1;
  size_t n = choose(v, min_count, max_size, e);
  if (vs_grow(&fresh.count, &fresh.count_room, n + 2) != 0) goto done;
  for (int i = 0; i < 2; i++) {
    if (vs_strmap_add(&fresh.map, special[i], strlen(special[i]), NULL) < 0) goto done;
    fresh.count[i] = 0;
  }
  for (size_t i = 0; i < n; i++) {
    if (vs_strmap_add(&fresh.map, e[i].word, e[i].len, NULL) < 0) goto done;
    fresh.count[i + 2] = e[i].count;
  }
  vs_vocab old = *v;
  *v = fresh;
  fresh = old;
  rc = 0;
done:
  free(e);
  vs_strmap_free(&fresh.map);
  free(fresh.count);
  return rc;
}

int vs_vocab_add_word(vs_vocab *v, const char *word, size_t len) {
  bool fresh;
  int64_t at = v->map.n;
  if (at < 2 && (len != strlen(special[at]) || memcmp(word, special[at], len) != 0))
    return vs_fail("word %lld is \"%.60s\", expected \"%s\"", (long long)at + 1, word, special[at]);
  int64_t id = vs_strmap_add(&v->map, word, len, &fresh);
  if (id < 0) return -1;
  if (!fresh)
    return vs_fail("word %lld, \"%.60s\", is already word %lld", (long long)at + 1, word,
                   (long long)id + 1);
  return 0;
}

int vs_vocab_encode(const vs_vocab *v, const char *s, size_t n, int64_t max_len, bool replace,
                    vs_ids *out) {
  vs_words w = {0};
  int got = 0;
  int64_t len = 0;
  vs_words_start(&w, s, n, replace);
  while ((max_len <= 0 || len < max_len) && (got = vs_words_next(&w)) == 1) {
    int64_t id = vs_vocab_id(v, w.word, w.len);
    got = vs_ids_push(out, id ? id : VS_UNK_ID);
    if (got != 0) break;
    len++;
  }
  vs_words_free(&w);
  if (got < 0) return -1;
  if (len == 0 && vs_ids_push(out, VS_UNK_ID) != 0) return -1;
  return vs_ids_end_row(out);
}
