/* fastText .bin models, version 12: reading one, and the vector of a word by its n-grams.
 *
 * The file: magic, version; 12 int32 and a double of settings; the dictionary (words with count and
 * type); whether the matrix is quantised; the input matrix [words + buckets, dim].  What follows
 * (the output matrix) is not read.  The matrix is used where it lies in the mapped file. */
#include <string.h>

#include "core/error.h"
#include "text/vectors.h"

/* --- the file --- */

typedef struct cursor {
  const char *path, *data;
  size_t size, at;
} cursor;

static int take(cursor *c, void *out, size_t n, const char *what) {
  if (n > c->size - c->at)
    return vs_fail_file(c->path, "truncated: ends in the %s, at byte %zu", what, c->size);
  memcpy(out, c->data + c->at, n);
  c->at += n;
  return 0;
}

enum { MAX_NGRAM = 32 /* characters: the work for a word is that many times its length */ };

typedef struct settings { /* in the order of the file */
  int32_t dim, ws, epoch, min_count, neg, word_ngrams, loss, model, bucket, minn, maxn, lr_update;
} settings;

static int read_settings(cursor *c, vs_vectors *v) {
  int32_t head[2] = {0};
  settings s = {0};
  double t = 0;
  if (take(c, head, sizeof head, "header") != 0) return -1;
  if (head[0] != VS_FASTTEXT_MAGIC)
    return vs_fail_file(c->path, "not a fastText model: it starts with %d instead of %d", head[0],
                        VS_FASTTEXT_MAGIC);
  if (head[1] != VS_FASTTEXT_VERSION)
    return vs_fail_file(c->path, "fastText format version %d, only %d is read", head[1],
                        VS_FASTTEXT_VERSION);
  if (take(c, &s, sizeof s, "settings") != 0 || take(c, &t, sizeof t, "settings") != 0) return -1;
  if (s.dim < 1 || s.bucket < 0 || s.minn < 0 || s.maxn < 0 || s.maxn > MAX_NGRAM)
    return vs_fail_file(c->path, "broken settings: dim %d, bucket %d, minn %d, maxn %d", s.dim,
                        s.bucket, s.minn, s.maxn);
  v->dim = s.dim;
  v->bucket = s.bucket;
  v->minn = s.minn;
  v->maxn = s.bucket > 0 ? s.maxn : 0;
  return 0;
}

static int read_word(cursor *c, vs_vectors *v, int64_t i) {
  const char *s = c->data + c->at, *end = memchr(s, '\0', c->size - c->at);
  size_t len = end ? (size_t)(end - s) : 0;
  int64_t count = 0;
  int8_t type = 0;
  bool fresh;
  if (!end) return vs_fail_file(c->path, "truncated: ends in the dictionary, at byte %zu", c->size);
  c->at += len + 1;
  if (take(c, &count, sizeof count, "dictionary") != 0 ||
      take(c, &type, sizeof type, "dictionary") != 0)
    return -1;
  if (type != 0) return 0; /* a label of a classifier: it has no row */
  int64_t id = vs_strmap_add(&v->map, s, len, &fresh);
  if (id < 0) return -1;
  if (!fresh || id != i)
    return vs_fail_file(c->path, "broken dictionary: word %lld, \"%.60s\", is out of place",
                        (long long)i + 1, s);
  return 0;
}

static int read_dictionary(cursor *c, vs_vectors *v) {
  int32_t n[3] = {0}; /* entries, words, labels */
  int64_t tokens = 0, pruned = 0;
  if (take(c, n, sizeof n, "dictionary") != 0 ||
      take(c, &tokens, sizeof tokens, "dictionary") != 0 ||
      take(c, &pruned, sizeof pruned, "dictionary") != 0)
    return -1;
  if (n[1] < 0 || n[2] < 0 || (int64_t)n[1] + n[2] != n[0])
    return vs_fail_file(c->path, "broken dictionary: %d entries, %d words, %d labels", n[0], n[1],
                        n[2]);
  if (pruned > 0)
    return vs_fail_file(c->path,
                        "a quantised model (.ftz) is not read; use the .bin it was made of");
  if (pruned == 0) v->maxn = 0; /* every n-gram was pruned */
  for (int64_t i = 0; i < n[0]; i++)
    if (read_word(c, v, i) != 0) return -1;
  if (v->map.n != n[1])
    return vs_fail_file(c->path, "broken dictionary: %lld words, the header says %d",
                        (long long)v->map.n, n[1]);
  return 0;
}

static int read_matrix(cursor *c, vs_vectors *v) {
  int8_t quantised = 0;
  int64_t shape[2] = {0};
  if (take(c, &quantised, 1, "header of the matrix") != 0) return -1;
  if (quantised)
    return vs_fail_file(c->path,
                        "a quantised model (.ftz) is not read; use the .bin it was made of");
  if (take(c, shape, sizeof shape, "header of the matrix") != 0) return -1;
  if (shape[1] != v->dim || shape[0] != v->map.n + v->bucket)
    return vs_fail_file(c->path,
                        "matrix [%lld,%lld], expected [%lld,%lld]: %lld words and %lld buckets",
                        (long long)shape[0], (long long)shape[1], (long long)(v->map.n + v->bucket),
                        (long long)v->dim, (long long)v->map.n, (long long)v->bucket);
  size_t left = c->size - c->at;
  if (shape[0] == 0) return vs_fail_file(c->path, "it contains no words");
  if ((uint64_t)shape[0] > left / sizeof(float) / (uint64_t)v->dim)
    return vs_fail_file(c->path, "truncated: %zu bytes left for a matrix [%lld,%lld] of float32",
                        left, (long long)shape[0], (long long)shape[1]);
  v->nrow = shape[0];
  v->rows = c->data + c->at;
  return 0;
}

int vs_vectors_bin(vs_vectors *v, const char *path) {
  cursor c = {path, (const char *)v->file->base, v->file->size, 0};
  if (read_settings(&c, v) != 0 || read_dictionary(&c, v) != 0) return -1;
  return read_matrix(&c, v);
}

/* --- vectors --- */

static void add_row(const vs_vectors *v, int64_t row, float *out) {
  const char *from = v->rows + (size_t)row * (size_t)v->dim * sizeof(float);
  for (int64_t j = 0; j < v->dim; j++) {
    float x;
    memcpy(&x, from + (size_t)j * sizeof x, sizeof x);
    out[j] += x;
  }
}

/* FNV-1a over bytes taken as signed, as fastText does. */
static uint32_t hash_byte(uint32_t h, char byte) {
  return (h ^ (uint32_t)(int8_t)byte) * UINT32_C(16777619);
}

/* Byte i of "<word>". */
static char marked(const char *word, size_t len, size_t i) {
  return i == 0 ? '<' : i <= len ? word[i - 1] : '>';
}

static bool inside_char(char byte) { return (byte & 0xC0) == 0x80; }

int64_t vs_fasttext_add(const vs_vectors *v, const char *word, size_t len, float *out) {
  int64_t rows = 0, id = vs_strmap_find(&v->map, word, len);
  size_t n = len + 2;
  if (id >= 0) {
    add_row(v, id, out);
    rows++;
  }
  if (len == 4 && memcmp(word, "</s>", 4) == 0) return rows; /* the end of a sentence has none */
  for (size_t first = 0; first < n; first++) {
    uint32_t h = UINT32_C(2166136261);
    if (inside_char(marked(word, len, first))) continue;
    size_t at = first;
    for (int chars = 1; at < n && chars <= v->maxn; chars++) {
      do h = hash_byte(h, marked(word, len, at++));
      while (at < n && inside_char(marked(word, len, at)));
      if (chars < v->minn || (chars == 1 && (first == 0 || at == n))) continue;
      add_row(v, v->map.n + (int64_t)(h % (uint32_t)v->bucket), out);
      rows++;
    }
  }
  return rows;
}
