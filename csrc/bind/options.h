/* Option tables of hand-written bindings: f(x, {scale = 2, color = {255, 0, 0}}).
 *
 * Check first, then read: an unknown key raises an error that lists the known ones; a wrong type
 * raises too.  An absent table (nil or none) has every default.  Descriptors have lvs_checkargs for
 * this. */
#ifndef VS_OPTIONS_H
#define VS_OPTIONS_H

#include "bind/bind.h"

/* keys: "scale|color".  what names the function in messages. */
void lvs_checkoptions(lua_State *L, int index, const char *keys, const char *what);
int64_t lvs_optint(lua_State *L, int index, const char *key, int64_t low, int64_t high,
                   int64_t def);
bool lvs_optbool(lua_State *L, int index, const char *key, bool def);
/* Borrowed from the table, which must outlive it. */
const char *lvs_optword(lua_State *L, int index, const char *key, const char *def);
/* A list of pairs of positions {{1, 2}, ...}, none of them twice, in a userdata left on the stack:
 * [n][2] from 1.  NULL and n = 0 when absent.  what: for messages. */
int64_t *lvs_optpairs(lua_State *L, int index, const char *key, const char *what, int64_t *n);
/* Three bytes 0..255; rgb keeps its values when the key is absent. */
void lvs_optcolor(lua_State *L, int index, const char *key, uint8_t rgb[3]);
/* The list of three bytes at index. */
void lvs_checkcolor(lua_State *L, int index, uint8_t rgb[3]);

#endif
