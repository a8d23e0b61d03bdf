/* MPI's types and operations for the dtypes of tensors.  MPI knows no numbers of two bytes: they
 * have types and operations of their own, which round each sum of two. */
#include "dist/dist.h"

static const vs_api *api;
static MPI_Datatype half, bfloat;
static MPI_Op own[2][3]; /* of half and bfloat: sum, min, max */

#define FOLD(name, to_float, from_float, value)                      \
  static void name(void *in, void *to, int *n, MPI_Datatype *type) { \
    const uint16_t *x = in;                                          \
    uint16_t *y = to;                                                \
    (void)type;                                                      \
    for (int i = 0; i < *n; i++) {                                   \
      float a = to_float(x[i]), b = to_float(y[i]);                  \
      y[i] = from_float(value);                                      \
    }                                                                \
  }
FOLD(sum_halves, api->half_to_float, api->float_to_half, a + b)
FOLD(min_halves, api->half_to_float, api->float_to_half, a < b ? a : b)
FOLD(max_halves, api->half_to_float, api->float_to_half, a > b ? a : b)
FOLD(sum_bfloats, vs_bf16_to_float, vs_float_to_bf16, a + b)
FOLD(min_bfloats, vs_bf16_to_float, vs_float_to_bf16, a < b ? a : b)
FOLD(max_bfloats, vs_bf16_to_float, vs_float_to_bf16, a > b ? a : b)

void vd_make_types(const vs_api *given) {
  MPI_User_function *fns[2][3] = {{sum_halves, min_halves, max_halves},
                                  {sum_bfloats, min_bfloats, max_bfloats}};
  MPI_Datatype *types[2] = {&half, &bfloat};
  api = given;
  for (int t = 0; t < 2; t++) {
    MPI_Type_contiguous(2, MPI_BYTE, types[t]);
    MPI_Type_commit(types[t]);
    for (int i = 0; i < 3; i++) MPI_Op_create(fns[t][i], 1, &own[t][i]);
  }
}

MPI_Datatype vd_type_of(vs_dtype dtype) {
  switch (dtype) {
    case VS_FLOAT32: return MPI_FLOAT;
    case VS_FLOAT64: return MPI_DOUBLE;
    case VS_FLOAT16: return half;
    case VS_BFLOAT16: return bfloat;
    case VS_INT64: return MPI_INT64_T;
    case VS_INT32: return MPI_INT32_T;
    default: return MPI_UINT8_T; /* uint8 and bool */
  }
}

MPI_Op vd_op_of(vs_dtype dtype, int op) {
  static const MPI_Op known[] = {MPI_SUM, MPI_MIN, MPI_MAX};
  if (dtype == VS_FLOAT16) return own[0][op];
  if (dtype == VS_BFLOAT16) return own[1][op];
  return known[op];
}
