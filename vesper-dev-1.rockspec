-- `make dist` writes the rockspec of a release from this file; it replaces these two lines.
local release, url = "dev", "git+file://."

rockspec_format = "3.0"
package = "vesper"
version = release .. "-1"
source = {
  url = url,
}
description = {
  summary = "Tensors, layers and dataset readers for visual-semantic embeddings",
  detailed = [[
    A C extension module for Lua 5.4: tensors with automatic differentiation, layers, optimizers
    and dataset readers, so that an image-text experiment is one short script.  It needs HDF5,
    OpenBLAS, jansson, utf8proc, expat, zlib and stb, found through pkg-config, and uses libjpeg
    where pkg-config finds it; on Debian, `make deps` in the sources installs them.]],
  license = "MIT",
  labels = {"machine-learning", "tensor", "autograd", "deep-learning"},
}
-- The platforms that it was tried on.
supported_platforms = {"linux"}
dependencies = {"lua >= 5.4, < 5.5"}
-- Headers and libraries are the Makefile's business (pkg-config): Debian keeps HDF5 and cblas where
-- external_dependencies does not look.  Every variable below is one that LuaRocks knows.
build = {
  type = "make",
  build_target = "rock",
  build_variables = {
    DEPS = "no",
    CFLAGS = "$(CFLAGS)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  install_variables = {
    DEPS = "no",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
    BINDIR = "$(BINDIR)",
    MANPAGE = "", BASHCOMP = "", ZSHCOMP = "",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
}
test = {
  type = "command",
  command = "make test",
}
