/* Lists of strings between C and Lua. */
#ifndef VS_BIND_STRINGS_H
#define VS_BIND_STRINGS_H

#include "bind/bind.h"
#include "io/strings.h"

/* Pushes a box with an empty list in it. */
vs_strings *lvs_newstrings(lua_State *L);
/* Field `key` of the table as a list of strings in a box left on the stack; NULL when absent.  A
 * Vocab gives its words.  A string that occurs twice is refused.  what: for messages. */
vs_strings *lvs_optstrings(lua_State *L, int table, const char *key, const char *what);
/* Pushes the strings as a table. */
void lvs_pushstrings(lua_State *L, const vs_strings *s);

#endif
