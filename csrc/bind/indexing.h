/* Brackets of tensors; see indexing.c. */
#ifndef VS_BIND_INDEXING_H
#define VS_BIND_INDEXING_H

#include "bind/bind.h"

/* Pushes t[k] for the key k at stack index 2, which is no string; t is at 1. */
int lvs_pushindexed(lua_State *L, vs_tensor *t);
/* t[k] = v for the key at stack index 2 and the value at 3. */
int lvs_setindexed(lua_State *L, vs_tensor *t);

#endif
