/* vs.io.xml_texts.  A missing or broken file gives nil and a message. */
#include "io/xml.h"

#include "bind/strings.h"

/* vs.io.xml_texts(path) -> list of {name = "svg/title", text = "A hat"} */
static int lvs_xml_texts(lua_State *L) {
  const char *path = lvs_checkstr(L, 1, "path", NULL);
  vs_strings *name = lvs_newstrings(L), *text = lvs_newstrings(L);
  if (vs_xml_texts(path, name, text)) return lvs_nilerror(L);
  lua_createtable(L, (int)name->n, 0); /* at most VS_XML_MAX_TEXT */
  for (int64_t i = 0; i < name->n; i++) {
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, vs_strings_get(name, i), vs_strings_len(name, i));
    lua_setfield(L, -2, "name");
    lua_pushlstring(L, vs_strings_get(text, i), vs_strings_len(text, i));
    lua_setfield(L, -2, "text");
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

void lvs_open_xml(lua_State *L) {
  static const luaL_Reg functions[] = {{"xml_texts", lvs_xml_texts}, {NULL, NULL}};
  lvs_setfunctions(L, "io", functions);
}
