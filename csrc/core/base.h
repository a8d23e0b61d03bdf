/* Types and limits that every file of vesper shares.  Holds no state and no functions.
 *
 * vs_real is the one type that arithmetic is done in: float in the build that users install, double
 * in the build that gradient checks run on (-DVS_DOUBLE).  Other dtypes hold indices, images, masks
 * and stored values; they are converted to vs_real before anything is computed with them. */
#ifndef VS_BASE_H
#define VS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version: the Makefile, the rockspec of a release and the pages take it from here. */
#define VESPER_VERSION "0.2.0"

#ifdef VS_DOUBLE
typedef double vs_real;
#define VS_REAL VS_FLOAT64
#define VS_R(x) x
#else
typedef float vs_real;
#define VS_REAL VS_FLOAT32
#define VS_R(x) x##f
#endif

typedef enum vs_dtype {
  VS_FLOAT32,
  VS_FLOAT64,
  VS_FLOAT16,
  VS_BFLOAT16,
  VS_INT64,
  VS_INT32,
  VS_UINT8,
  VS_BOOL,
  VS_NDTYPE
} vs_dtype;

enum {
  VS_MAX_DIM = 8,   /* dimensions of a tensor */
  VS_MAX_ARGS = 14, /* arguments of one descriptor */
  VS_MAX_OUT = 6,   /* outputs of one op */
  VS_MAX_SAVED = 8  /* extra tensors that an op may keep for its backward */
};

#define VS_MIN(a, b) ((a) < (b) ? (a) : (b))
#define VS_MAX(a, b) ((a) > (b) ? (a) : (b))
#define VS_PIECES(n, size) (((n) + (size)-1) / (size)) /* of that size, the last may be less */
#define VS_ROUND_UP(n, to) (VS_PIECES(n, to) * (to))
#define VS_COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

#if defined(__GNUC__)
#define VS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define VS_PRINTF(f, a)
#endif

#endif
