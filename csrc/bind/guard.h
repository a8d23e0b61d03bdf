/* Modes that hold for a scope: while a function runs, or until a guard is closed. */
#ifndef VS_BIND_GUARD_H
#define VS_BIND_GUARD_H

#include "bind/bind.h"

/* exchange(mode) sets the mode and returns the one before.  With a function at index 1: runs it on
 * the other arguments in that mode and passes on its results.  Without arguments: sets the mode and
 * returns a guard, which puts the old one back when its variable goes out of scope.  nil raises: it
 * is the name of a function that does not exist. */
int lvs_withmode(lua_State *L, int (*exchange)(int), int mode);

#endif
