/* Random changes of the images of a batch: shift, mirror, colour jitter, erasing.
 *
 * What happens to a sample depends on (seed, epoch, number of the sample) alone, never on the batch
 * or the worker it came in.  Works in place on bytes; starts no threads.  Boxes and landmarks,
 * which are fractions of width and height, follow shift and mirror. */
#ifndef VS_AUGMENT_H
#define VS_AUGMENT_H

#include "data/dataset.h"

enum { VS_VISIBLE, VS_HIDDEN, VS_OUTSIDE, VS_ABSENT }; /* visibility of a landmark */

typedef struct vs_augment {
  int64_t crop;  /* shifted by up to so many pixels each way; the border is repeated */
  double flip;   /* probability of mirroring left and right */
  double jitter; /* brightness, contrast, saturation by factors in [1 - jitter, 1 + jitter] */
  double
      erase; /* probability of a rectangle set to 0: 2 to 33 % of the area (Zhong et al., 2020) */
} vs_augment;

/* Whether it does anything at all. */
bool vs_augment_any(const vs_augment *a);
/* -1 when a setting is out of range. */
int vs_augment_check(const vs_augment *a);
/* Changes field "image", uint8 [B,C,H,W], of a batch of samples index[0..n) of the set.  -1 when
 * there is no such field.  Fields boxes [B,R,4] (the first region_count of a sample where there is
 * such a field) and landmark [B,K,3] are moved with it:
 *   boxes stay x1 <= x2, y1 <= y2, cut at the border;
 *   landmarks that leave the picture stop at the border and get VS_OUTSIDE, those that are
 *   VS_ABSENT stay as they are, and the set's pairs are exchanged where a picture is mirrored. */
int vs_augment_batch(const vs_augment *a, const vs_dataset *d, uint64_t seed, int64_t epoch,
                     const int64_t *index, vs_batch *b);

#endif
