-- Inputs of the prompt: which `local`s stay known, and what an input that is not finished is.
local chunk = require "vesper.cli.prompt.chunk"
local lexer = require "vesper.cli.prompt.lexer"

-- Runs inputs one after the other in one environment; returns it.
local function session(...)
  local environment = setmetatable({}, {__index = _G})
  for _, input in ipairs {...} do
    local fn, why = chunk.load(input, "=input", environment)
    assert(fn, why)
    fn()
  end
  return environment
end

describe("locals of inputs stay known:", function()
  it("one and several names, with and without values", function()
    local e = session("local a = 1", "local b, c = 2, 3", "local d, e", "local f, g = (function() "
      .. "return 4, 5 end)()", "local h = a + c + g")
    assert.same({1, 2, 3, nil, nil, 4, 5, 9}, {e.a, e.b, e.c, e.d, e.e, e.f, e.g, e.h})
  end)

  it("the last one of equal names gets its value", function()
    assert.equal(2, session("local a, a = 1, 2").a)
    local e = session("f = print local a, b, a, b, c = 1, 2, 3, 4, 5 local d, d")
    assert.same({3, 4, 5, nil}, {e.a, e.b, e.c, e.d})
    assert.is_nil(e._)
    e = session("local a <const>, a <const> = 1, (function() return 2, 3 end)()")
    assert.equal(2, e.a)
    assert.equal(1, session("local a<const>local b = 1").b)
  end)

  it("a local without a value is nil, whatever it was", function()
    assert.is_nil(session("local a = 1", "local a").a)
    local e = session("local a, b = 1, 2", "local a, b assert(a == nil and b == nil)")
    assert.is_nil(e.b)
  end)

  it("functions, that call themselves and see what is assigned later", function()
    local e = session("local function f(n) return n <= 1 and 1 or n * f(n - 1) end",
      "local k = 1", "local function g() return k end", "local k = 2")
    assert.equal(120, e.f(5))
    assert.equal(2, e.g())
  end)

  it("attributes", function()
    local e = session("local a <const>, b <const> = 1, 2", "local c <close> = nil", "a = 3",
      "local d<const> =4 local e < const > = 5")
    assert.same({3, 2, nil, 4, 5}, {e.a, e.b, e.c, e.d, e.e})
    local _, closing = chunk.load("local a <close>, b <const> = f(), 1", "=input", {})
    assert.same({"a"}, closing)
  end)

  it("but those of blocks and functions end there", function()
    local e = session("do local a = 1 end", "for i = 1, 2 do local b = i end",
      "if true then local c = 1 else local d = 2 end", "while true do local x = 1 break end",
      "repeat local y = 1 until y == 1", "local function f() local z = 1 return z end f()",
      "local t = {g = function() local w = 1 return w end} t.g()",
      "for _, v in ipairs{1} do local u = v end local last = 1")
    for _, name in ipairs {"a", "b", "c", "d", "x", "y", "z", "w", "u", "v", "i"} do
      assert.is_nil(rawget(e, name), name)
    end
    assert.equal(1, e.last)
  end)

  it("the word in strings and comments is none", function()
    local e = session([==[
local a = "local x = 1" -- local y = 2
local b = [[
local z = 3]] --[[ local w
= 4 ]] local c = 'it\'s local v = 5'
local d = [=[ ]] local u = 6 ]=]
--local q = 7
local f = 0x1p4 local g = 1e-2 local h = 3 ..""]==])
    assert.equal("local x = 1", e.a)
    assert.equal("local z = 3", e.b)
    assert.equal("it's local v = 5", e.c)
    assert.equal(" ]] local u = 6 ", e.d)
    assert.equal(16.0, e.f)
    assert.equal(0.01, e.g)
    for _, name in ipairs {"x", "y", "z", "w", "v", "u", "q"} do
      assert.is_nil(rawget(e, name), name)
    end
  end)

  it("names that begin with the word, and fields of that name, stay", function()
    local e = session("locals = 1", "t = {locale = 2}", "u = t.locale + locals")
    assert.equal(3, e.u)
  end)

  it("lines keep their numbers", function()
    local text = "local a = 1\nlocal b <const> = 2\n\nerror 'here'"
    local fn = chunk.load(text, "=input", {error = error})
    local ok, why = pcall(fn)
    assert.is_false(ok)
    assert.equal("input:4: here", why)
  end)

  it("a statement behind a name without a value is no call", function()
    local e = session("function f() called = true end", "local a\n(f)()")
    assert.is_true(e.called)
  end)
end)

describe("an input", function()
  it("may be an expression", function()
    local fn, _, expression = chunk.load("1 + 1, 'x'", "=input", {})
    assert.is_true(expression)
    assert.same({2, "x"}, {fn()})
  end)

  it("is not finished before its end", function()
    for _, text in ipairs {"for i = 1, 2 do", "f(", "x = {1,", "x = [[", "local function f()",
      "x =", "'a\\", "local", "--[[ comment", "if x then y() else"} do
      local fn, why = chunk.load(text, "=input", {})
      assert.is_nil(fn, text)
      assert.equal("more", why, text)
    end
  end)

  it("may be wrong", function()
    for _, text in ipairs {"x = = 1", "end", "local 1 = 2", "'unfinished", "x)", "goto nowhere",
      "1) + (2"} do
      local fn, why = chunk.load(text, "=input", {})
      assert.is_nil(fn, text)
      assert.not_equal("more", why, text)
    end
  end)
end)

describe("the lexer", function()
  local function kinds(text)
    local list = {}
    for i, token in ipairs(lexer.tokens(text)) do list[i] = token.kind:sub(1, 1) .. token.text end
    return table.concat(list, " ")
  end

  it("cuts a text into words", function()
    assert.equal("nx s. ny s: nz s( n1.5e+3 s, s\"a b\" s.. ktrue s) c-- c",
      kinds 'x.y:z(1.5e+3, "a b" .. true) -- c')
    assert.equal("na s~= nb s// nc s<< nd s:: ne s:: s...", kinds "a~=b//c<<d::e::...")
  end)

  it("takes texts that end in the middle", function()
    for _, text in ipairs {'"abc', "'a\\", "[[x", "--[==[ x", "0x", "a.", "..", "[=", "\\"} do
      assert(#lexer.tokens(text) > 0, text)
    end
    assert.is_true(lexer.tokens('f("ab')[3].open)
    assert.is_false(lexer.tokens('f("ab"')[3].open)
  end)
end)
