/* Folders and files: data.find, and the private functions that lua/vesper/train and util/file.lua
 * use. */
#include "io/folder.h"
#include "io/file.h"
#include "io/lock.h"

#include "bind/strings.h"

#define LVS_LOCK "vesper.Lock"

/* The list of file names at index; the strings are borrowed from it, the array is left pushed. */
static vs_filenames read_names(lua_State *L, int index) {
  lvs_checktype(L, index, LUA_TTABLE, "files");
  int n = (int)lvs_listlen(L, index, lvs_pushcallee(L), "files");
  const char **name = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *name, 0);
  for (int i = 0; i < n; i++) {
    if (lua_rawgeti(L, index, i + 1) != LUA_TSTRING)
      lvs_error(L, "%s: file names must be strings", lvs_pushcallee(L));
    name[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return (vs_filenames){n, name};
}

/* data.find(folder, ending or list of endings) -> files below it whose paths end so, or nil and a
 * message */
static int lvs_find(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL), *one = NULL;
  vs_filenames endings = {1, &one};
  if (lua_type(L, 2) == LUA_TTABLE)
    endings = read_names(L, 2);
  else
    one = lvs_checkstr(L, 2, "ending", NULL);
  vs_strings *s = lvs_newstrings(L);
  if (vs_folder_find(folder, endings, s)) return lvs_nilerror(L);
  lvs_pushstrings(L, s);
  return 1;
}

/* _folder_make(folder) -> true */
static int lvs_folder_make(lua_State *L) {
  if (vs_folder_make(lvs_checkstr(L, 1, "folder", NULL))) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* _folder_stage(folder, files) -> the path to write them to */
static int lvs_folder_stage(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  if (vs_folder_stage(folder, read_names(L, 2))) return lvs_nilerror(L);
  lua_pushfstring(L, "%s" VS_FOLDER_NEW, folder);
  return 1;
}

/* _folder_commit(folder, files [, by two renames]) -> true */
static int lvs_folder_commit(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  bool exchange = !lua_toboolean(L, 3);
  if (vs_folder_commit(folder, read_names(L, 2), exchange)) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

/* _folder_abandon(folder, files) */
static int lvs_folder_abandon(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  vs_folder_abandon(folder, read_names(L, 2));
  return 0;
}

/* _folder_current(folder) -> the path of the complete one, or nil */
static int lvs_folder_current(lua_State *L) {
  const char *folder = lvs_checkstr(L, 1, "folder", NULL);
  int found = vs_folder_current(folder);
  if (found)
    lua_pushfstring(L, "%s%s", folder, found == 2 ? VS_FOLDER_OLD : "");
  else
    lua_pushnil(L);
  return 1;
}

/* _file_write(path, text) -> true.  The file is complete or as it was. */
static int lvs_file_write(lua_State *L) {
  size_t n;
  const char *path = lvs_checkstr(L, 1, "path", NULL), *text = lvs_checkstr(L, 2, "text", &n);
  if (vs_file_write(path, text, n)) return lvs_nilerror(L);
  lua_pushboolean(L, true);
  return 1;
}

static void free_lock(void *l) { vs_lock_release(l); }

/* _lock(path) -> a lock, held until it is closed or collected; nil and a message if another process
 * holds it */
static int lvs_lock(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  void **box = lvs_newbox(L, LVS_LOCK);
  *box = vs_lock_take(path);
  return *box ? 1 : lvs_nilerror(L);
}

/* _plain_size(path) -> bytes of a plain file; nil and a message for anything else, links too */
static int lvs_plain_size(lua_State *L) {
  int64_t n = vs_plain_size(lvs_checkstr(L, 1, "path", NULL));
  if (n < 0) return lvs_nilerror(L);
  lua_pushinteger(L, n);
  return 1;
}

void lvs_open_folder(lua_State *L) {
  static const luaL_Reg functions[] = {{"_folder_make", lvs_folder_make},
                                       {"_folder_stage", lvs_folder_stage},
                                       {"_folder_commit", lvs_folder_commit},
                                       {"_folder_abandon", lvs_folder_abandon},
                                       {"_folder_current", lvs_folder_current},
                                       {"_file_write", lvs_file_write},
                                       {"_lock", lvs_lock},
                                       {"_plain_size", lvs_plain_size},
                                       {NULL, NULL}};
  static const luaL_Reg data[] = {{"find", lvs_find}, {NULL, NULL}};
  lvs_newclass(L, LVS_LOCK, NULL, NULL, free_lock);
  luaL_setfuncs(L, functions, 0);
  lvs_setfunctions(L, "data", data);
}
