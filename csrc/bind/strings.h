/* Lists of strings between C and Lua. */
#ifndef VS_BIND_STRINGS_H
#define VS_BIND_STRINGS_H

#include "bind/bind.h"
#include "io/strings.h"

/* Pushes a box with an empty list in it. */
vs_strings *lvs_newstrings(lua_State *L);
/* Pushes the strings as a table. */
void lvs_pushstrings(lua_State *L, const vs_strings *s);

#endif
