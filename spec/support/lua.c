/* lua5.4 of a few lines, for `make tsan`: the thread sanitizer has to be linked into the program,
 * and the programs that this one starts go without it. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (L == NULL || argc < 2) return 1;
  luaL_openlibs(L);
  lua_createtable(L, argc, 1);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  bool text = argc > 2 && strcmp(argv[1], "-e") == 0;
  int failed = text ? luaL_loadstring(L, argv[2]) : luaL_loadfile(L, argv[1]);
  for (int i = 2; !failed && i < argc; i++) lua_pushstring(L, argv[i]);
  if (!failed) failed = lua_pcall(L, argc - 2, 0, 0);
  if (failed) fprintf(stderr, "lua5.4: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed != 0;
}
