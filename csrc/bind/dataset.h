/* What the bindings of data sets, batches and loaders share. */
#ifndef VS_BIND_DATASET_H
#define VS_BIND_DATASET_H

#include "bind/bind.h"
#include "data/dataset.h"

#define LVS_DATASET "vesper.Dataset"

/* --- batches: tables of tensors, whose metatable only prints them --- */
/* Pushes a box with an empty batch in it: what C makes for a batch is owned by it until each tensor
 * has a box of its own. */
vs_batch *lvs_newbatch(lua_State *L);
/* Moves the tensors of a batch into a new table on the stack, with the list of texts. */
void lvs_pushbatch(lua_State *L, vs_batch *b);
/* Pushes the only row of a batch as a sample: a table of tensors, integers and the text. */
void lvs_pushsample(lua_State *L, vs_batch *b);

/* --- fields --- */
/* The list of strings as names of fields of the set, each once, in the order in which they are
 * shown. */
void lvs_checkfields(lua_State *L, vs_dataset *d, const vs_value *list, vs_fieldnames *out,
                     const char *what);
/* Pushes the list of the names of what the set's batches have where `wanted` is read (NULL: all),
 * in that order. */
void lvs_pushfields(lua_State *L, vs_dataset *d, const vs_fieldnames *wanted);
/* Pushes "; image uint8 [3,64,64], tokens, text": the fields of the set's batches, only those of
 * `wanted` unless that is NULL; "" where there are none or the set fails. */
void lvs_describefields(lua_State *L, vs_dataset *d, const vs_fieldnames *wanted);

/* --- the Lua state of a fetch --- */
/* Between the two, fetch runs Lua functions of data sets on L, and d (NULL: the caller holds it)
 * stays even where they close it.  Nothing may raise between them. */
lua_State *lvs_beginfetch(lua_State *L, vs_dataset *d);
void lvs_endfetch(lua_State *outer, vs_dataset *d);

#endif
