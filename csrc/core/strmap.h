/* Strings numbered from 0 in the order they came: a hash table over one pool of characters.
 *
 * Invariant: slot holds ids + 1 (0 = empty) at most half full; item i is a zero-terminated
 * string in pool.  Strings may hold zero bytes.  Pointers into the pool last until the next add. */
#ifndef VS_STRMAP_H
#define VS_STRMAP_H

#include "core/base.h"

typedef struct vs_stritem {
  size_t at;
  uint32_t len, hash;
} vs_stritem;

typedef struct vs_strmap {
  char *pool;
  vs_stritem *item;
  uint32_t *slot;
  size_t used, pool_room, item_room, nslot;
  int64_t n;
} vs_strmap;

/* A map of zero bytes is empty and ready. */
void vs_strmap_free(vs_strmap *m);
/* The id of the string, added when it was not there (*fresh says so; may be NULL); -1 on
 * failure. */
int64_t vs_strmap_add(vs_strmap *m, const char *s, size_t len, bool *fresh);
/* The id, or -1 without error. */
int64_t vs_strmap_find(const vs_strmap *m, const char *s, size_t len);
/* String number id, 0 <= id < n; its length into *len unless NULL. */
const char *vs_strmap_get(const vs_strmap *m, int64_t id, size_t *len);
/* The same for an id as Lua sees it, from 1: NULL with "id 9 is not in 1..8" when there is none. */
const char *vs_strmap_by_id(const vs_strmap *m, int64_t id, size_t *len);

#endif
