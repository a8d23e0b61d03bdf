/* Word vectors: loading, lookup, matrices and nearest words, for every file format.  See
 * vectors.h. */
#include "text/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "core/thread.h"

static bool ends_in(const char *s, const char *tail) {
  size_t n = strlen(s), k = strlen(tail);
  return n >= k && strcmp(s + n - k, tail) == 0;
}

vs_vectors *vs_vectors_load(const char *path) {
  int32_t magic = 0;
  vs_vectors *v = vs_new0(sizeof *v);
  if (!v) return NULL;
  if (!(v->file = vs_mapping_open(path, 0, NULL))) goto fail;
  if (v->file->size >= sizeof magic) memcpy(&magic, v->file->base, sizeof magic);
  bool binary = magic == VS_FASTTEXT_MAGIC || ends_in(path, ".bin") || ends_in(path, ".ftz");
  if (binary && !vs_vectors_is_word2vec(v->file)) {
    if (vs_vectors_bin(v, path) != 0) goto fail;
    return v;
  }
  if ((binary ? vs_vectors_word2vec : vs_vectors_text)(v, path) != 0) goto fail;
  vs_mapping_unref(v->file);
  v->file = NULL;
  return v;
fail:
  vs_vectors_free(v);
  return NULL;
}

void vs_vectors_free(vs_vectors *v) {
  if (!v) return;
  vs_strmap_free(&v->map);
  vs_mapping_unref(v->file);
  free(v->value);
  free(v);
}

bool vs_vectors_get(const vs_vectors *v, const char *word, size_t len, float *out) {
  if (v->value) {
    int64_t id = vs_strmap_find(&v->map, word, len);
    if (id < 0) return false;
    memcpy(out, v->value + id * v->dim, (size_t)v->dim * sizeof *out);
    return true;
  }
  memset(out, 0, (size_t)v->dim * sizeof *out);
  int64_t n = vs_fasttext_add(v, word, len, out);
  float mean = (float)(1.0 / (double)VS_MAX(n, 1));
  for (int64_t i = 0; i < v->dim; i++) out[i] *= mean;
  return n > 0;
}

vs_tensor *vs_vectors_matrix(const vs_vectors *v, const vs_vocab *vocab, double scale, vs_rng rng,
                             int64_t *found) {
  int64_t n = vs_vocab_size(vocab), d = v->dim;
  float *row = vs_new((size_t)d * sizeof *row);
  vs_tensor *t = row ? vs_tensor_new(VS_REAL, 2, (int64_t[]){n, d}) : NULL;
  *found = 0;
  for (int64_t i = 0; t && i < n; i++) {
    size_t len;
    const char *word = vs_strmap_get(&vocab->map, i, &len);
    vs_real *out = vs_reals(t) + i * d;
    if (i + 1 == VS_PAD_ID) {
      memset(out, 0, (size_t)d * sizeof *out);
    } else if (i + 1 != VS_UNK_ID && vs_vectors_get(v, word, len, row)) {
      for (int64_t j = 0; j < d; j++) out[j] = row[j];
      (*found)++;
    } else {
      for (int64_t j = 0; j < d; j++)
        out[j] = (vs_real)(scale * vs_rng_normal(rng, (uint64_t)(i * d + j)));
    }
  }
  free(row);
  return t;
}

/* --- nearest words --- */

typedef struct search {
  const vs_vectors *v;
  const float *query; /* of length 1 */
  float *score, *row; /* [n]; one row of scratch a slot */
} search;

static void score_range(void *arg, int64_t first, int64_t last, int slot) {
  search *s = arg;
  int64_t d = s->v->dim;
  float *row = s->row + slot * d;
  for (int64_t i = first; i < last; i++) {
    size_t len;
    const char *word = vs_strmap_get(&s->v->map, i, &len);
    double dot = 0, norm = 0;
    vs_vectors_get(s->v, word, len, row);
    for (int64_t j = 0; j < d; j++) {
      dot += (double)row[j] * s->query[j];
      norm += (double)row[j] * row[j];
    }
    s->score[i] = norm > 0 ? (float)(dot / sqrt(norm)) : 0;
  }
}

/* Keeps the k largest, the earlier of equals first. */
static int64_t best_of(const float *score, int64_t n, int64_t skip, int64_t k, int64_t *id,
                       float *out) {
  int64_t have = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i == skip || (have == k && (k == 0 || score[i] <= out[k - 1]))) continue;
    int64_t at = have < k ? have++ : k - 1;
    for (; at > 0 && out[at - 1] < score[i]; at--) {
      out[at] = out[at - 1];
      id[at] = id[at - 1];
    }
    out[at] = score[i];
    id[at] = i;
  }
  return have;
}

int64_t vs_vectors_nearest(const vs_vectors *v, const char *word, size_t len, int64_t k,
                           int64_t *id, float *score) {
  int64_t n = vs_vectors_size(v), d = v->dim, grain = 4096, have = -1;
  size_t parts = (size_t)vs_slots(n, grain);
  float *scratch = vs_new(((size_t)n + (parts + 1) * (size_t)d) * sizeof *scratch);
  if (!scratch) return -1;
  float *query = scratch + n;
  search s = {v, query, scratch, query + d};
  if (!vs_vectors_get(v, word, len, query)) {
    vs_fail("no vector for \"%.60s\"", word);
    goto done;
  }
  double norm = 0;
  for (int64_t j = 0; j < d; j++) norm += (double)query[j] * query[j];
  for (int64_t j = 0; j < d && norm > 0; j++) query[j] = (float)(query[j] / sqrt(norm));
  vs_parallel(n, grain, score_range, &s);
  have = best_of(scratch, n, vs_strmap_find(&v->map, word, len), k, id, score);
done:
  free(scratch);
  return have;
}
