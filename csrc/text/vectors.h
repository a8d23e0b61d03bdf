/* Pre-trained word vectors: GloVe text (Pennington et al. 2014), word2vec text and binary (Mikolov
 * et al. 2013), fastText .vec text and .bin models (Bojanowski et al. 2017).
 *
 * Invariant: word i of map has its vector in row i; word2vec's and text formats are parsed into
 * `value`, a fastText .bin stays mapped and a vector is the mean of its word's row and its n-grams'
 * rows, as the program fasttext computes it.  A fastText .bin also gives vectors to words that are
 * not in it, by their n-grams. Values are float in both builds.  Reads any byte string as a
 * word. */
#ifndef VS_VECTORS_H
#define VS_VECTORS_H

#include "core/random.h"
#include "core/strmap.h"
#include "io/mapping.h"
#include "text/vocab.h"

typedef struct vs_vectors {
  vs_strmap map;
  int64_t dim;
  float *value;         /* [n, dim], owned; NULL for fastText's .bin */
  vs_mapping *file;     /* while it is read; of fastText's .bin for good: */
  const char *rows;     /* its input matrix [nrow, dim], unaligned, inside file */
  int64_t nrow, bucket; /* the last `bucket` rows belong to n-grams */
  int minn, maxn;       /* characters of n-grams; maxn 0: none */
} vs_vectors;

/* NULL with an error that names file and line or byte. */
vs_vectors *vs_vectors_load(const char *path);
void vs_vectors_free(vs_vectors *v);

/* The parts of vs_vectors_load, each filling v of zero bytes from its mapped file. */
int vs_vectors_text(vs_vectors *v, const char *path);
int vs_vectors_bin(vs_vectors *v, const char *path);
int vs_vectors_word2vec(vs_vectors *v, const char *path);
/* Whether a binary file starts as those of word2vec: two numbers on a line of text. */
bool vs_vectors_is_word2vec(const vs_mapping *file);
enum { VS_FASTTEXT_MAGIC = 793712314, VS_FASTTEXT_VERSION = 12 };

static inline int64_t vs_vectors_size(const vs_vectors *v) { return v->map.n; }
/* out[dim] = the vector of the word; false when there is none. */
bool vs_vectors_get(const vs_vectors *v, const char *word, size_t len, float *out);
/* Compute-type tensor [#vocab, dim]: pad zeros, known words their vectors, others normal(0,
 * scale); the numbers of a row depend on rng and the row alone.  *found counts the known words. */
vs_tensor *vs_vectors_matrix(const vs_vectors *v, const vs_vocab *vocab, double scale, vs_rng rng,
                             int64_t *found);
/* The k words with the largest cosine to `word`, without the word itself, best first: ids from 0
 * and cosines.  Returns how many, or -1 when the word is not known. */
int64_t vs_vectors_nearest(const vs_vectors *v, const char *word, size_t len, int64_t k,
                           int64_t *id, float *score);

/* The rows of matrix `rows` that fastText adds up for a word: adds them to out, returns how
 * many. */
int64_t vs_fasttext_add(const vs_vectors *v, const char *word, size_t len, float *out);

#endif
