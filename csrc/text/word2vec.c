/* Binary files of the program word2vec: a line "words dim", then for each word its bytes, a space,
 * dim float32 numbers and, mostly, a line's end.  Nothing is allocated before the file's size says
 * that it can hold that many numbers.  Of a duplicate word the first vector is kept. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/mem.h"
#include "text/vectors.h"

enum { MAX_WORD = 1 << 16 }; /* bytes */

/* Digits from *at on, ended by `end`, which is stepped over. */
static bool read_count(const vs_mapping *file, size_t *at, char end, int64_t *out) {
  size_t first = *at;
  for (*out = 0; *at < file->size && *out < INT64_MAX / 100; (*at)++) {
    unsigned char c = file->base[*at];
    if (c < '0' || c > '9') break;
    *out = *out * 10 + (c - '0');
  }
  if (*at == first || *at == file->size || file->base[*at] != end) return false;
  (*at)++;
  return true;
}

static bool read_head(const vs_mapping *file, size_t *at, int64_t *words, int64_t *dim) {
  *at = 0;
  return read_count(file, at, ' ', words) && read_count(file, at, '\n', dim);
}

bool vs_vectors_is_word2vec(const vs_mapping *file) {
  int64_t words, dim;
  size_t at;
  return read_head(file, &at, &words, &dim);
}

/* The word at *at, its vector into out. */
static int read_word(const vs_vectors *v, const char *path, int64_t i, size_t *at, float *out,
                     const char **word, size_t *len) {
  const char *s = (const char *)v->file->base;
  size_t size = v->file->size, bytes = (size_t)v->dim * sizeof(float);
  while (*at < size && s[*at] == '\n') (*at)++;
  size_t room = VS_MIN(size - *at, MAX_WORD);
  const char *space = room ? memchr(s + *at, ' ', room) : NULL;
  *word = s + *at;
  *len = space ? (size_t)(space - *word) : 0;
  if (!space && room < MAX_WORD)
    return vs_fail_file(path, "truncated: ends in word %lld, at byte %zu", (long long)i + 1, size);
  if (*len == 0)
    return vs_fail_file(path, "byte %zu: word %lld is empty or too long", *at, (long long)i + 1);
  *at += *len + 1;
  if (bytes > size - *at)
    return vs_fail_file(path, "truncated: ends in the vector of word %lld, at byte %zu",
                        (long long)i + 1, size);
  memcpy(out, s + *at, bytes);
  *at += bytes;
  for (int64_t k = 0; k < v->dim; k++)
    if (!isfinite(out[k]))
      return vs_fail_file(path, "word %lld, \"%.*s\": number %lld is not finite", (long long)i + 1,
                          (int)VS_MIN(*len, 60), *word, (long long)k + 1);
  return 0;
}

int vs_vectors_word2vec(vs_vectors *v, const char *path) {
  int64_t words, dim;
  size_t at, len;
  const char *word;
  if (!read_head(v->file, &at, &words, &dim)) return vs_fail_file(path, "not a file of word2vec");
  if (words < 1 || dim < 1)
    return vs_fail_file(path, "line 1 says %lld words of %lld numbers", (long long)words,
                        (long long)dim);
  if ((uint64_t)words > (v->file->size - at) / sizeof(float) / (uint64_t)dim)
    return vs_fail_file(path, "truncated: %zu bytes for the %lld words of %lld numbers of line 1",
                        v->file->size - at, (long long)words, (long long)dim);
  v->dim = dim;
  v->value = vs_new((size_t)words * (size_t)dim * sizeof *v->value);
  if (!v->value) return -1;
  for (int64_t i = 0; i < words; i++) {
    if (read_word(v, path, i, &at, v->value + v->map.n * dim, &word, &len)) return -1;
    if (vs_strmap_add(&v->map, word, len, NULL) < 0) return -1;
  }
  while (at < v->file->size && v->file->base[at] == '\n') at++;
  if (at == v->file->size) return 0;
  return vs_fail_file(path, "%zu bytes after the last word", v->file->size - at);
}
