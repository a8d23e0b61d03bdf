/* The reader of tensors in memory: a sample is one row of each of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"

typedef struct tensorset {
  int nfield;
  vs_field field[VS_MAX_FIELDS]; /* contiguous, owned */
} tensorset;

static int tensors_open(vs_dataset *d, const vs_value *v, const vs_field *field, int nfield) {
  (void)v;
  tensorset *s = d->state = vs_new0(sizeof *s);
  if (!s) return -1;
  if (nfield == 0) return vs_fail("TensorDataset: no tensors given");
  if (nfield >= VS_MAX_FIELDS)
    return vs_fail("TensorDataset: more than %d tensors", VS_MAX_FIELDS - 1);
  for (int i = 0; i < nfield; i++) {
    const vs_tensor *t = field[i].t;
    if (t->ndim == 0) return vs_fail("TensorDataset: %s has no dimensions", field[i].name);
    if (t->shape[0] != field[0].t->shape[0])
      return vs_fail("TensorDataset: %s is %s but %s is %s: their first sizes differ",
                     field[0].name, vs_shape_str(field[0].t), field[i].name, vs_shape_str(t));
    vs_tensor *plain = vs_alias(field[i].t);
    s->field[i] = field[i];
    s->field[i].t = plain ? vs_contiguous(plain) : NULL;
    vs_unref(plain);
    if (!s->field[i].t) return -1;
    s->nfield++;
  }
  d->n = d->images = field[0].t->shape[0];
  return 0;
}

static int tensors_fetch(const vs_dataset *d, int64_t epoch, const int64_t *index, int64_t n,
                         vs_batch *b) {
  (void)epoch;
  const tensorset *s = d->state;
  bool has_index = false;
  for (int i = 0; i < s->nfield; i++) {
    const vs_tensor *t = s->field[i].t;
    has_index = has_index || !strcmp(s->field[i].name, "index");
    if (!vs_batch_wants(b, s->field[i].name)) continue;
    int64_t shape[VS_MAX_DIM];
    memcpy(shape, t->shape, sizeof shape);
    shape[0] = n;
    vs_tensor *out = vs_batch_add(b, s->field[i].name, t->dtype, t->ndim, shape);
    if (!out) return -1;
    size_t row = t->numel ? (size_t)(t->numel / d->n) * vs_dtype_size(t->dtype) : 0;
    const char *from = vs_data(t);
    char *to = vs_data(out);
    for (int64_t k = 0; k < n; k++)
      memcpy(to + (size_t)k * row, from + (size_t)index[k] * row, row);
  }
  if (has_index) return 0;
  vs_tensor *at = vs_batch_add(b, "index", VS_INT64, 1, &n);
  if (!at) return -1;
  for (int64_t k = 0; k < n; k++) vs_ints(at)[k] = index[k] + 1;
  return 0;
}

static void tensors_close(vs_dataset *d) {
  tensorset *s = d->state;
  if (!s) return;
  for (int i = 0; i < s->nfield; i++) vs_unref(s->field[i].t);
  free(s);
}

const vs_readerdef vs_reader_tensors = {
    .name = "TensorDataset",
    .args = "",
    .flags = VS_READ_NAMED,
    .open = tensors_open,
    .fetch = tensors_fetch,
    .close = tensors_close,
    .doc =
        "Tensors in memory as a data set: TensorDataset{image = x, label = y}. All have the same "
        "first size N, which is the number of samples. A batch has the same names, rows picked, "
        "and index int64 [B]. Writing to the tensors later changes the data set where they were "
        "contiguous.",
};
