/* Pieces of tensors that may be bfloat16, for ops with VS_BF16: computed with as vs_real, a few at
 * a time, so that nothing but the pieces is ever there in full. */
#ifndef VS_OP_BF16_H
#define VS_OP_BF16_H

#include "kernel/elementwise.h"
#include "op/op.h"

enum { VS_PIECE = 512 }; /* elements */

/* Elements first.. of contiguous t, n of them: where they lie, or in `room`. */
static inline const vs_real *vs_piece(const vs_tensor *t, int64_t first, int64_t n, vs_real *room) {
  if (t->dtype == VS_REAL) return vs_reals(t) + first;
  vs_k_elementwise()->lengthen(n, room, (const uint16_t *)vs_data(t) + first);
  return room;
}

/* Where they are to be written; vs_piece_done then takes them from there. */
static inline vs_real *vs_piece_to(const vs_tensor *t, int64_t first, vs_real *room) {
  return t->dtype == VS_REAL ? vs_reals(t) + first : room;
}
static inline void vs_piece_done(const vs_tensor *t, int64_t first, int64_t n,
                                 const vs_real *room) {
  if (t->dtype != VS_REAL) vs_k_elementwise()->shorten(n, (uint16_t *)vs_data(t) + first, room);
}

#endif
