/* What the bindings of data sets and loaders share. */
#ifndef VS_BIND_DATASET_H
#define VS_BIND_DATASET_H

#include "bind/bind.h"
#include "data/dataset.h"

#define LVS_DATASET "vesper.Dataset"

/* Moves the tensors of a batch into a new table on the stack, with the list of texts. */
void lvs_pushbatch(lua_State *L, vs_batch *b);

#endif
