/* What only specs use: functions of Lua in a forked child and in several states at once, and the
 * parsers of core/cpus.h. */
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bind/bind.h"
#include "core/cpus.h"

/* _forked(fn) -> whether fn returned true in a forked child */
static int forked(lua_State *L) {
  int status = -1;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    lua_settop(L, 1);
    bool ok = lua_pcall(L, 0, 1, 0) == LUA_OK && lua_toboolean(L, -1);
    _exit(ok ? 0 : 1);
  }
  if (pid > 0) waitpid(pid, &status, 0);
  lua_pushboolean(L, pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return 1;
}

typedef struct state {
  lua_State *L;
  pthread_t thread;
  bool started;
} state;

/* Leaves the result of the function on its stack, or the message. */
static void *run_state(void *arg) {
  state *s = arg;
  lua_pcall(s->L, 0, 1, 0);
  return NULL;
}

/* _in_states(n, code) -> the results, strings, of `code` run by n threads at once, each with a
 * state of its own that has the paths of this one. */
static int in_states(lua_State *L) {
  enum { MOST = 32 };
  state s[MOST];
  int n = (int)luaL_checkinteger(L, 1);
  const char *code = luaL_checkstring(L, 2);
  luaL_argcheck(L, n >= 1 && n <= MOST, 1, "expected 1 to 32");
  for (int i = 0; i < n; i++) {
    s[i] = (state){.L = luaL_newstate()};
    if (s[i].L == NULL) return luaL_error(L, "no memory");
    luaL_openlibs(s[i].L);
    lua_getglobal(s[i].L, "package");
    lua_getglobal(L, "package");
    for (int k = 0; k < 2; k++) {
      lua_getfield(L, -1, k ? "path" : "cpath");
      lua_pushstring(s[i].L, lua_tostring(L, -1));
      lua_setfield(s[i].L, -2, k ? "path" : "cpath");
      lua_pop(L, 1);
    }
    lua_settop(s[i].L, 0);
    if (luaL_loadstring(s[i].L, code) != LUA_OK)
      return luaL_error(L, "%s", lua_tostring(s[i].L, -1));
  }
  for (int i = 0; i < n; i++)
    s[i].started = pthread_create(&s[i].thread, NULL, run_state, &s[i]) == 0;
  for (int i = 0; i < n; i++)
    if (s[i].started) pthread_join(s[i].thread, NULL);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    const char *result = s[i].started ? lua_tostring(s[i].L, -1) : "not started";
    lua_pushstring(L, result ? result : "no string");
    lua_rawseti(L, -2, i + 1);
    lua_close(s[i].L);
  }
  return 1;
}

/* _cpus_of_quota(text): of a cpu.max */
static int cpus_of_quota(lua_State *L) {
  lua_pushinteger(L, vs_cpus_of_quota(luaL_checkstring(L, 1)));
  return 1;
}

/* _cpus_cgroup(text [, size]) -> the path in a /proc/self/cgroup, or nil */
static int cpus_cgroup(lua_State *L) {
  char path[256];
  int size = (int)luaL_optinteger(L, 2, sizeof path);
  if (vs_cpus_cgroup(luaL_checkstring(L, 1), path, VS_MIN(size, (int)sizeof path)))
    lua_pushstring(L, path);
  else
    lua_pushnil(L);
  return 1;
}

/* _cpus_wanted(cpus, OMP_NUM_THREADS or nil, OMP_THREAD_LIMIT or nil) */
static int cpus_wanted(lua_State *L) {
  lua_pushinteger(L, vs_cpus_wanted((int)luaL_checkinteger(L, 1), luaL_optstring(L, 2, NULL),
                                    luaL_optstring(L, 3, NULL)));
  return 1;
}

/* _cpus() */
static int cpus(lua_State *L) {
  lua_pushinteger(L, vs_cpus());
  return 1;
}

void lvs_open_aids(lua_State *L) {
  static const luaL_Reg functions[] = {{"_forked", forked},
                                       {"_in_states", in_states},
                                       {"_cpus", cpus},
                                       {"_cpus_of_quota", cpus_of_quota},
                                       {"_cpus_cgroup", cpus_cgroup},
                                       {"_cpus_wanted", cpus_wanted},
                                       {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
