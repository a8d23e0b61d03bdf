/* vs.npy: arrays in numpy's files.  A missing or broken file gives nil and a message. */
#include "io/npy.h"

#include "bind/bind.h"
#include "bind/options.h"

/* vs.npy.load(path [, {mmap = true}]) -> tensor */
static int lvs_npy_load(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  lvs_checkoptions(L, 2, "mmap", "npy.load");
  bool mapped = lvs_optbool(L, 2, "mmap", true);
  void **box = lvs_newbox(L, LVS_TENSOR);
  bool again = false;
  do *box = vs_npy_load(path, mapped);
  while (*box == NULL && lvs_retry(L, &again));
  if (*box == NULL) return lvs_nilerror(L);
  lvs_maybe_collect(L);
  return 1;
}

/* vs.npy.save(path, x) -> true */
static int lvs_npy_save(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  vs_tensor *t = lvs_checktensor(L, 2);
  bool again = false;
  int rc;
  do rc = vs_npy_save(path, t);
  while (rc < 0 && lvs_retry(L, &again));
  if (rc < 0 && vs_error_kind() == VS_EUSER) vs_fail_prefix("npy.save");
  if (rc < 0) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

void lvs_open_npy(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"load", lvs_npy_load}, {"save", lvs_npy_save}, {NULL, NULL}};
  lvs_setfunctions(L, "npy", functions);
}
