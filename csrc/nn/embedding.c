/* Embedding: a learned row for each 1-based id. */
#include "nn/layer.h"

enum { COUNT, DIM, PADDING, SPARSE }; /* attr */

static int embedding_init(vs_layer *l) {
  int64_t n = l->attr[COUNT].i, d = l->attr[DIM].i, pad = l->attr[PADDING].i;
  bool padded = l->attr[PADDING].kind != VS_V_NONE;
  if (n < 1 || d < 1)
    return vs_fail("num_embeddings %lld, embedding_dim %lld: expected at least 1", (long long)n,
                   (long long)d);
  if (padded && (pad < 1 || pad > n))
    return vs_fail("padding_idx is %lld, outside 1..%lld", (long long)pad, (long long)n);
  if (vs_layer_param(l, "weight", vs_dims(n, d))) return -1;
  vs_tensor *w = vs_layer_get(l, "weight");
  if (vs_init_normal(w, 0, 1)) return -1;
  for (int64_t i = 0; padded && i < d; i++) vs_reals(w)[(pad - 1) * d + i] = 0;
  return 0;
}

static int embedding_forward(vs_layer *l, const vs_value *in, vs_tensor **out) {
  return vs_layer_give(out, vs_call1(&vs_op_embedding, VS_T(vs_layer_get(l, "weight")), in[0],
                                     l->attr[PADDING], l->attr[SPARSE]));
}

const vs_layerdef vs_layer_Embedding = {
    .name = "Embedding",
    .args = "num_embeddings:int, embedding_dim:int, padding_idx:int?, sparse:bool=false",
    .inputs = "ids:index",
    .outputs = 1,
    .init = embedding_init,
    .forward = embedding_forward,
    .doc =
        "ids [...] of 1..num_embeddings -> [...,embedding_dim]. weight starts normal(0,1); the "
        "row padding_idx starts as zeros and gets no gradient. sparse = true is for large tables: "
        "a step then costs by the rows of the batch, and all optimizers are lazy with the "
        "others: no momentum, decay or second moment moves a row that no id named.",
};
