/* The struct of functions for other shared objects, and the name of this process among ranks.  See
 * api.h. */
#include "bind/api.h"

#include "bind/bind.h"

/* Registry key of the text before every place in an error: "rank 1 on node2: ". */
static const char rank_name;

void lvs_addrank(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &rank_name) == LUA_TSTRING) {
    lua_insert(L, -2);
    lua_concat(L, 2);
  } else {
    lua_pop(L, 1);
  }
}

/* _set_rank(text): every place in an error begins with it; nil: nothing more */
static int set_rank(lua_State *L) {
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rank_name);
  return 0;
}

static void *data_of(const vs_tensor *t) { return vs_data(t); }
static size_t bytes_of(const vs_tensor *t) { return (size_t)t->numel * vs_dtype_size(t->dtype); }

static const vs_api api = {.number = VS_API_NUMBER,
                           .version = VESPER_VERSION,
                           .check_tensor = lvs_checktensor,
                           .ref = vs_ref,
                           .unref = vs_unref_,
                           .is_contiguous = vs_is_contiguous,
                           .data = data_of,
                           .bytes = bytes_of,
                           .half_to_float = vs_half_to_float,
                           .float_to_half = vs_float_to_half,
                           .poll_interrupt = lvs_poll_interrupt,
                           .raise = lvs_error};

void lvs_open_api(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&api);
  lua_setfield(L, -2, "_api");
  lua_pushcfunction(L, set_rank);
  lua_setfield(L, -2, "_set_rank");
}
