-- Public functions written in Lua check their arguments as C's do: by the descriptor that vs.help
-- prints (lua/vesper/help/words), before the function runs.
--
-- The functions here replace functions by checked ones, constructors and methods of classes too.
-- A descriptor is read at the first call of its function (described.lua).  A function that has none
-- (private ones, what subclasses define) is called as it is.  Arguments and options are checked for
-- their kinds, options for their names; what a value means the function checks itself.
--
-- As with ops, arguments may be given by name in a table at the end, where the descriptor has no
-- options: x:allclose(y, {rtol = 1e-3}).

-- ready: whether vesper is loaded; before, its own files call without checks.
local guard = {ready = false}

local classes = {} -- name in the reference -> class written in Lua
local described -- vesper.util.described, once it is needed

-- f with the descriptor of this name; object: of a call of the class's objects.
local function wrap(f, name, object)
  local spec
  return function(...)
    if spec == nil then
      if not guard.ready then return f(...) end
      described = described or require "vesper.util.described"
      spec = described.of(name, object, classes)
    end
    if not spec then return f(...) end
    return described.call(spec, f, ...)
  end
end

-- A call of a class makes an object; the arguments are those of `name`.  Classes that extend it
-- have constructors of their own.
local function wrap_class(class, name)
  local meta = getmetatable(class)
  local make = type(meta) == "table" and rawget(meta, "__call")
  if not make then return end
  local public = wrap(function(...) return make(class, ...) end, name)
  function meta.__call(self, ...)
    if self == class then return public(...) end
    return make(self, ...)
  end
end

local function is_public(key, value)
  return type(key) == "string" and type(value) == "function" and not key:find "^_"
end

local function is_class(value)
  return type(value) == "table" and rawget(value, "__name") and rawget(value, "__index") == value
end

--- Replaces the methods and functions of a class, named `name` in the reference, and of those that
--- it extends.
function guard.class(name, class)
  if classes[name] then return end
  classes[name] = class
  local above = rawget(class, "super")
  if above then guard.class(above.__name, above) end
  for key, value in pairs(class) do
    if is_public(key, value) and (not above or key ~= "init" and key ~= "forward") then
      class[key] = wrap(value, name .. ":" .. key)
    end
  end
end

--- The checked form of a public value, named `name` in the reference: a function, or a class, which
--- is changed itself.
function guard.value(name, value)
  if type(value) == "function" then return wrap(value, name) end
  if type(value) == "table" then wrap_class(value, name) end
  if is_class(value) then
    guard.class(name:match "[%w_]+$", value)
    local forward = rawget(value, "forward")
    if forward then value.forward = wrap(forward, name, true) end
  end
  return value
end

--- Replaces the functions, which are all written in Lua, and the classes in a table; prefix: its
--- name in the reference.  Returns the table.
function guard.part(prefix, t)
  for key, value in pairs(t) do
    if is_public(key, value) or is_class(value) then
      t[key] = guard.value(prefix .. "." .. key, value)
    end
  end
  return t
end

--- The same for methods of a class implemented in C, or of one in the making.
function guard.methods(class, methods)
  for key, value in pairs(methods) do
    if is_public(key, value) then methods[key] = wrap(value, class .. ":" .. key) end
  end
  return methods
end

return guard
