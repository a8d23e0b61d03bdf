/* An array that grows by doubling.  Invariant: room >= n items are allocated; free() with free. */
#ifndef VS_GROW_H
#define VS_GROW_H

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

/* Makes room for `need` items of `size` bytes in *array; 0, or -1 when memory ran out. */
static inline int vs_grow_(void *array, size_t *room, size_t need, size_t size) {
  void *old;
  if (need <= *room) return 0;
  memcpy(&old, array, sizeof old); /* whatever it points to */
  size_t most = SIZE_MAX / 2 / size;
  size_t want = *room > most / 2 ? need : VS_MAX(*room * 2, VS_MAX(need, (size_t)16));
  void *fresh = want > most ? NULL : realloc(old, want * size);
  if (!fresh) return vs_fail_memory(want > most ? SIZE_MAX : want * size);
  memcpy(array, &fresh, sizeof fresh);
  *room = want;
  return 0;
}
#define vs_grow(array, room, need) vs_grow_((array), (room), (need), sizeof **(array))

#endif
