/* Rows of token ids.  See ids.h. */
#include "text/ids.h"

#include <string.h>

#include "core/grow.h"

int vs_ids_push(vs_ids *l, int64_t id) {
  if (vs_grow(&l->id, &l->id_room, l->n + 1) != 0) return -1;
  l->id[l->n++] = id;
  return 0;
}

int vs_ids_end_row(vs_ids *l) {
  if (vs_grow(&l->end, &l->end_room, l->rows + 1) != 0) return -1;
  size_t first = l->rows ? l->end[l->rows - 1] : 0;
  l->longest = VS_MAX(l->longest, l->n - first);
  l->end[l->rows++] = l->n;
  return 0;
}

void vs_ids_free(vs_ids *l) {
  free(l->id);
  free(l->end);
  memset(l, 0, sizeof *l);
}

/* Where row r begins, and its length. */
static const int64_t *row_of(const vs_ids *l, size_t r, size_t *len) {
  size_t first = r ? l->end[r - 1] : 0;
  *len = l->end[r] - first;
  return l->id + first;
}

vs_tensor *vs_ids_row(const vs_ids *l, size_t r) {
  size_t len;
  const int64_t *id = row_of(l, r, &len);
  vs_tensor *t = vs_tensor_new(VS_INT64, 1, (int64_t[]){(int64_t)len});
  if (t && len) memcpy(vs_ints(t), id, len * sizeof *id);
  return t;
}

vs_tensor *vs_ids_padded(const vs_ids *l, int64_t pad) {
  size_t width = l->longest;
  vs_tensor *t = vs_tensor_new(VS_INT64, 2, (int64_t[]){(int64_t)l->rows, (int64_t)width});
  for (size_t r = 0; t && r < l->rows; r++) {
    size_t len;
    const int64_t *id = row_of(l, r, &len);
    int64_t *out = vs_ints(t) + r * width;
    if (len) memcpy(out, id, len * sizeof *id);
    for (size_t i = len; i < width; i++) out[i] = pad;
  }
  return t;
}

vs_tensor *vs_ids_lengths(const vs_ids *l) {
  vs_tensor *t = vs_tensor_new(VS_INT64, 1, (int64_t[]){(int64_t)l->rows});
  for (size_t r = 0; t && r < l->rows; r++) {
    size_t len;
    row_of(l, r, &len);
    vs_ints(t)[r] = (int64_t)len;
  }
  return t;
}

vs_tensor *vs_ids_mask(const vs_ids *l) {
  size_t width = l->longest;
  vs_tensor *t = vs_tensor_new(VS_BOOL, 2, (int64_t[]){(int64_t)l->rows, (int64_t)width});
  for (size_t r = 0; t && r < l->rows; r++) {
    size_t len;
    row_of(l, r, &len);
    for (size_t i = 0; i < width; i++) vs_bytes(t)[r * width + i] = i < len;
  }
  return t;
}
