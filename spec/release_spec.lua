-- What a release is made of: one version, the tarball and the rockspec of `make dist`, and how the
-- Makefile finds the libraries.
local vs = require "vesper"
local process = require "spec.support.process"
local temp = require "spec.support.temp"

local function run(command)
  local ok, said = process.run(command)
  assert(ok, said)
  return said
end

-- A rockspec's fields.
local function rockspec(text)
  local fields = {}
  assert(load(text, "rockspec", "t", fields))()
  return fields
end

describe("the version", function()
  it("is that of csrc/core/base.h", function()
    local written = temp.read "csrc/core/base.h":match '#define VESPER_VERSION "(.-)"'
    assert.equal(written, vs.version)
    assert.equal(written, vs.build.version)
    assert.matches("^%d+%.%d+%.%d+$", written)
    assert.equal("# Reference of vesper " .. written, temp.read "docs/reference.md":match "[^\n]*")
  end)
end)

describe("make dist", function()
  local clone, dist
  setup(function()
    clone = temp.folder() .. "/clone"
    dist = clone .. "/build/dist"
    if not process.run(("git clone -q . '%s'"):format(clone)) then clone = nil end
  end)
  teardown(temp.remove)

  local function make(target)
    return run(("cd '%s' && env -u MAKEFLAGS make -s DEPS=no URL=https://example.org/files %s")
      :format(clone, target))
  end

  it("writes a tarball of the sources, with the rockspec of the release", function()
    if not clone then return pending "no git clone" end
    make "dist"
    local version = temp.read(clone .. "/csrc/core/base.h"):match 'VESPER_VERSION "(.-)"'
    local name = "vesper-" .. version
    local text = temp.read(("%s/%s-1.rockspec"):format(dist, name))
    local spec = rockspec(text)
    assert.equal(version .. "-1", spec.version)
    assert.equal(("https://example.org/files/%s.tar.gz"):format(name), spec.source.url)
    assert.same({"linux"}, spec.supported_platforms)
    local files = "\n" .. run(("tar tzf '%s/%s.tar.gz'"):format(dist, name))
    for _, path in ipairs {"Makefile", "LICENSE", "csrc/core/base.h", "lua/vesper/meta.lua",
      "spec/release_spec.lua", name .. "-1.rockspec"} do
      assert(files:find(("\n%s/%s\n"):format(name, path), 1, true), path)
    end
    assert.is_nil(files:find "vesper%-dev")
    assert.is_nil(files:find "%.o\n")
    assert.is_nil(files:find "%.so\n")
    assert.equal(text, run(("tar xzOf '%s/%s.tar.gz' %s/%s-1.rockspec"):format(dist, name, name,
      name)))
  end)

  it("writes the same bytes again, and the same source rock", function()
    if not clone then return pending "no git clone" end
    local function sums()
      make "src-rock"
      return run(("cd '%s' && cksum *"):format(dist))
    end
    local first = sums()
    assert.matches("src%.rock", first)
    assert.equal(first, sums())
  end)

  it("refuses changes that are not committed", function()
    if not clone then return pending "no git clone" end
    temp.write(clone .. "/LICENSE", "changed")
    local ok, said = process.run(("make -s -C '%s' DEPS=no dist"):format(clone))
    assert.is_false(ok)
    assert.matches("there are changes that are not committed", said)
  end)

  it("leaves warnings to developers", function()
    local folder = temp.folder()
    run(("cp -r Makefile csrc '%s'"):format(folder))
    local function flags(more)
      local said = run(("cd '%s' && env -u MAKEFLAGS make -n V=1 DEPS=no %s "
        .. "build/float/core/error.o"):format(folder, more))
      return said:find("-Werror", 1, true) ~= nil
    end
    assert.is_false(flags "")
    temp.subfolder(folder .. "/.git")
    assert.is_true(flags "")
    assert.is_false(flags "WERROR=")
    assert.matches("ROCK .-WERROR=\n", temp.read "Makefile")
  end)
end)

describe("csrc/libraries.sh", function()
  local folder
  setup(function() folder = temp.folder() end)
  teardown(temp.remove)

  -- A pkg-config file of this name in the folder.
  local function pc(name, flag, version)
    temp.write(("%s/%s.pc"):format(folder, name), ("Name: %s\nDescription: none\nVersion: %s\n"
      .. "Cflags: -DHAVE_%s\nLibs: -l%s\n"):format(name, version or "1.0", flag, flag))
  end

  local function libraries(command, more)
    local ok, said = process.run(("PKG_CONFIG_LIBDIR='%s' PKG_CONFIG_PATH= %s "
      .. "sh csrc/libraries.sh %s"):format(folder, more or "", command))
    return said, ok
  end

  it("says what is missing, and what to install", function()
    pc("jansson", "jansson")
    local said, ok = libraries "check"
    assert.is_false(ok)
    assert.matches("vesper: openblas is missing: pkg-config knows no openblas-openmp, "
      .. "no openblaso, no openblas\n", said, 1, true)
    assert.is_nil(said:find("jansson", 1, true))
    assert(said:find "apt%-get install .*libopenblas%-openmp%-dev .*liblua5%.4%-dev"
      or said:find "dnf install .*openblas%-devel .*lua%-devel", said)
    assert.is_nil(libraries("check no-lua"):find("lua", 1, true))
  end)

  it("tries the names of each library in turn", function()
    pc("hdf5-serial", "serial")
    pc("openblas", "blas")
    for _, name in ipairs {"utf8proc", "expat", "zlib", "stb"} do pc(name, name) end
    pc("lua", "lua53", "5.3.6")
    assert.is_false(select(2, libraries "check"))
    pc("lua", "lua54", "5.4.6")
    local said, ok = libraries "check"
    assert(ok, said)
    said = libraries "libs"
    assert.equal("-lserial -lblas -ljansson -lutf8proc -lexpat -lzlib", (said:gsub("%s+", " ")
      :gsub(" $", "")))
    pc("hdf5", "first")
    assert.matches("-lfirst -lblas", libraries "libs":gsub("%s+", " "), 1, true)
    assert.equal("-DHAVE_lua54", (libraries "lua":gsub("%s+", "")))
    assert.matches("hdf5 1.0, openblas 1.0, ", libraries "list", 1, true)
  end)

  it("leaves out libjpeg where it is missing or not wanted", function()
    assert.is_nil(libraries "cflags":find("VS_LIBJPEG", 1, true))
    pc("libjpeg", "jpeg")
    assert.matches("-DVS_LIBJPEG", libraries "cflags", 1, true)
    assert.matches("-ljpeg", libraries "libs", 1, true)
    assert.is_nil(libraries("cflags", "JPEG="):find("VS_LIBJPEG", 1, true))
  end)

  it("says that pkg-config is missing", function()
    local said, ok = libraries("check", "PKG_CONFIG=/none/pkg-config")
    assert.is_false(ok)
    assert.matches("vesper: /none/pkg-config is missing", said, 1, true)
  end)

  it("names the packages of the Makefile and of docs/install.md", function()
    local makefile, page, count = temp.read "Makefile", temp.read "docs/install.md", 0
    local debs = makefile:match "DEBS := (.-[^\\])\n"
    local rows = temp.read "csrc/libraries.sh":match "libraries='\n(.-)'"
    for debian, fedora in rows:gmatch "(%S+) +(%S+)%f[\n\0]" do
      count = count + 1
      assert(debs:find(debian, 1, true), debian)
      assert(page:find("`" .. debian .. "`", 1, true), debian)
      assert(page:find("`" .. fedora .. "`", 1, true), fedora)
    end
    assert.equal(9, count)
  end)
end)
