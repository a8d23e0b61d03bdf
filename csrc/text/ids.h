/* Rows of token ids of different lengths, and the tensors made of them.
 *
 * Invariant: row r is id[end[r-1] .. end[r]) and ids after the last end belong to the row being
 * made.  Ids are the 1-based values in tensors. */
#ifndef VS_IDS_H
#define VS_IDS_H

#include "core/tensor.h"

typedef struct vs_ids {
  int64_t *id;
  size_t *end;
  size_t n, id_room, rows, end_room, longest;
} vs_ids;

/* Zero bytes are an empty list. */
int vs_ids_push(vs_ids *l, int64_t id);
int vs_ids_end_row(vs_ids *l);
void vs_ids_free(vs_ids *l);

/* Each returns an owned tensor or NULL. */
vs_tensor *vs_ids_row(const vs_ids *l, size_t row);     /* int64 [T] */
vs_tensor *vs_ids_padded(const vs_ids *l, int64_t pad); /* int64 [B,T], T the longest row */
vs_tensor *vs_ids_lengths(const vs_ids *l);             /* int64 [B] */
vs_tensor *vs_ids_mask(const vs_ids *l);                /* bool [B,T], true where a token is */

#endif
