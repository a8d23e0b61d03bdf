/* What the bindings of the tokenizers share: checks, and rows of ids that become tensors.
 *
 * Rows being made are in a box, so that an error of Lua frees them. */
#ifndef VS_BIND_TEXT_H
#define VS_BIND_TEXT_H

#include "bind/bind.h"
#include "bind/options.h"
#include "text/ids.h"

#define LVS_VOCAB "vesper.Vocab"

/* Raises vs_error() after the name of the function. */
int lvs_raisein(lua_State *L, const char *what);
/* The option invalid = "error" | "replace". */
bool lvs_optreplace(lua_State *L, int options, const char *what);
/* String i of the list at index, borrowed from the list. */
const char *lvs_listitem(lua_State *L, int index, lua_Integer i, size_t *n, const char *what);
/* How many texts the list at index holds; raises when it is empty. */
lua_Integer lvs_checkbatch(lua_State *L, int index, const char *what);
/* The int64 ids [T] or one id [] that decode takes, as a contiguous tensor in a box on the
 * stack. */
vs_tensor *lvs_checkids(lua_State *L, int index, const char *what);
/* Pushes an id, nil when it is 0. */
int lvs_pushid(lua_State *L, int64_t id);
/* Pushes a word of n bytes; raises vs_error() after `what` when it is NULL. */
int lvs_pushword(lua_State *L, const char *word, size_t n, const char *what);

/* Pushes a box with no rows in it. */
vs_ids *lvs_newrows(lua_State *L);
/* For lvs_pushmade: the first row; all of them, padded; how long each is; where there is no
 * padding. */
typedef struct lvs_made {
  vs_ids *rows;
  int64_t pad;
} lvs_made;
vs_tensor *lvs_makerow(void *made);
vs_tensor *lvs_makepadded(void *made);
vs_tensor *lvs_makelengths(void *made);
vs_tensor *lvs_makemask(void *made);

#endif
