-- The program vesper: scripts, -e, commands, exit statuses; inputs from a pipe.
local process = require "spec.support.process"
local temp = require "spec.support.temp"

-- A readline whose lines may contain newlines, written as |, as a bracketed paste gives them.
local READLINE = [[
io.stdin:setvbuf "no"
local handler
local function nothing() end
return {handler_install = function(_, fn) handler = fn end, handler_remove = nothing,
  read_char = function()
    local text = io.read "l"
    handler(text and (text:gsub("|", "\n")))
  end,
  add_history = nothing, set_options = nothing, set_complete_function = nothing,
  set_completion_append_character = nothing}
]]

-- vesper with these words; what it says on both outputs, and its exit status.
local function vesper(words)
  local _, said, status = process.run("lua5.4 bin/vesper " .. words)
  return said, status
end

-- What a session says to these lines.
local function session(...)
  local path = temp.write(temp.folder() .. "/typed", table.concat({...}, "\n") .. "\n")
  return vesper("< " .. path)
end

describe("vesper", function()
  teardown(temp.remove)

  it("documents itself", function()
    local said, status = vesper "--help"
    assert.equal(0, status)
    assert.matches("usage: vesper", said, 1, true)
    assert.matches("version", said)
    said, status = vesper "version --help"
    assert.equal(0, status)
    assert.matches("^usage: vesper version", said)
    said, status = vesper "--version"
    assert.equal(0, status)
    assert.matches("^vesper %d", said)
    assert.matches("vs.relu", (vesper "help relu"))
  end)

  it("folds its help where the terminal ends, and at 96 columns", function()
    if not process.run "command -v script" then return pending "no script" end
    local function longest(words, columns)
      local ok, said = process.run(("script -qec 'stty cols %d; lua5.4 bin/vesper %s' /dev/null")
        :format(columns, words))
      assert(ok, said)
      local most = 0
      for line in said:gsub("\r", ""):gmatch "[^\n]+" do most = math.max(most, #line) end
      return most
    end
    for _, words in ipairs {"--help", "evaluate --help", "help conv2d"} do
      local narrow, wide = longest(words, 60), longest(words, 200)
      assert(narrow <= 60 and wide <= 96, ("%s: %d, %d"):format(words, narrow, wide))
    end
    assert(longest("--help", 200) > 80)
  end)

  it("ends with 2 when it is misused", function()
    local said, status = vesper "versoin"
    assert.equal(2, status)
    assert.matches("'versoin' is not a command and not a file; did you mean version?", said, 1,
      true)
    said, status = vesper "version --no-such"
    assert.equal(2, status)
    assert.matches("vesper version: unknown option", said, 1, true)
    assert.equal(2, select(2, vesper "-e"))
  end)

  it("runs a script with its arguments", function()
    local path = temp.write(temp.folder() .. "/s.lua",
      "print(arg[0]:match '[^/]*$', arg[1], #arg, ...) print(vs)")
    local said, status = vesper(path .. " a 'b c'")
    assert.equal(0, status)
    assert.equal("s.lua\ta\t2\ta\tb c\nnil\n", said)
  end)

  it("shows the places of a script's error, and no others", function()
    local path = temp.write(temp.folder() .. "/s.lua", table.concat({
      "local vs = require 'vesper'",
      "local function f()",
      "  local y = vs.ones(2, 3):matmul(vs.ones(2, 3))",
      "  return y",
      "end",
      "local z = f()"}, "\n"))
    local said, status = vesper(path)
    assert.equal(1, status)
    local name = path:gsub("%p", "%%%0")
    assert.matches("^vesper: " .. name .. ":3: matmul: x %[2,3%] and y %[2,3%]: [^\n]*\n  from "
      .. name .. ":6\n$", said)
  end)

  it("says what is wrong with a script", function()
    local path = temp.write(temp.folder() .. "/s.lua", "x = = 1")
    local said, status = vesper(path)
    assert.equal(1, status)
    assert.matches("^vesper: .*s.lua:1: unexpected symbol", said)
    said, status = vesper "-e 'error {}'"
    assert.equal(1, status)
    assert.equal("vesper: (error object is a table value)\n", said)
    assert.equal("vesper: (error object is a nil value)\n", (vesper "-e 'error()'"))
    assert.equal("vesper: 42\n", (vesper "-e 'error(42)'"))
  end)

  it("takes no error for Ctrl-C that says interrupted", function()
    local said, status = vesper [[-e 'error "interrupted"']]
    assert.equal(1, status)
    assert.matches("^vesper: .*1: interrupted\n", said)
    assert.matches("^error: interrupted\n  at: ", (session 'error "interrupted"'))
  end)

  it("runs code with the names of the prompt", function()
    assert.equal("6.0\tLinear(2, 3)\n",
      (vesper "-e 'print(vs.ones(2, 3):sum():item(), nn.Linear(2, 3))'"))
  end)

  it("fails where standard output cannot be written", function()
    local want = "vesper: standard output could not be written\n"
    if not io.open("/dev/full", "w") then return pending "no /dev/full" end
    local inputs = temp.write(temp.folder() .. "/typed", "1 + 1\n")
    for _, words in ipairs {"version > /dev/full", "--help > /dev/full", "version >&-",
      "help --man > /dev/full", "-e 'for i = 1, 9 do print(i) end' > /dev/full",
      "-e 'io.write((\"x\"):rep(100000))' > /dev/full", "< " .. inputs .. " > /dev/full"} do
      assert.same({words, want, 1}, {words, vesper(words)})
    end
    assert.equal(0, select(2, vesper "-e 'io.stdout:close()'"))
    assert.equal(0, select(2, vesper "-e '' >&-"))
  end)

  it("finds the library that is installed beside it", function()
    local folder = temp.folder()
    local core = package.searchpath("vesper.core", package.cpath)
    local ok, said = process.run(([[unset LUA_PATH_5_4 LUA_CPATH_5_4 LUA_PATH LUA_CPATH; at='%s'
      mkdir -p "$at/share/lua/5.4" "$at/lib/lua/5.4/vesper" "$at/bin" && cp bin/vesper "$at/bin" &&
      cp -r lua/vesper "$at/share/lua/5.4" && cp '%s' "$at/lib/lua/5.4/vesper" && cd "$at/bin" &&
      lua5.4 vesper -e 'print(package.searchpath("vesper", package.path))' &&
      cd / && PATH="$at/bin:$PATH" vesper --version]]):format(folder, core))
    assert.is_true(ok, said)
    assert.matches("^./../share/lua/5.4/vesper/init.lua\nvesper %d", said)
  end)

  it("is stopped by Ctrl-C with status 130", function()
    local said, status = vesper [[-e '
      os.execute("(sleep 0.2; kill -INT " .. io.open "/proc/self/stat":read "n" .. ") &")
      while true do end']]
    assert.equal(130, status)
    assert.equal("vesper: interrupted\n", said)
  end)
end)

describe("a session", function()
  teardown(temp.remove)

  it("prints what expressions are, and nothing else", function()
    local said, status = session("local x = vs.arange(3)", "x", "1 + 1, 'a'", "x = nil", "x",
      "for i = 1, 2 do", "  print(i)", "end", "-- a comment", "", "print 'b'")
    assert.equal(0, status)
    assert.equal("[1, 2, 3]  int64 [3]\n2\ta\nnil\n1\n2\nb\n", said)
  end)

  it("shows the line of an error and goes on; the status is 1", function()
    local said, status = session("local function f(a)", "  local b = a + nothing", "  return b",
      "end", "f(1)", "vs.ones(2):item()", "x = = 1", "error({})", "print 'alive'", "f(")
    assert.equal(1, status)
    assert.matches("error: attempt to perform arithmetic on a nil value (global 'nothing')\n"
      .. "  at: local b = a + nothing\n  from: f(1)\n", said, 1, true)
    assert.matches("error: item: [^\n]*\n  at: vs.ones%(2%):item%(%)", said)
    assert.matches("error: unexpected symbol near '='\n  at: x = = 1", said, 1, true)
    assert.matches("error: (error object is a table value)", said, 1, true)
    assert.matches("alive", said)
    assert.matches("  at: f(\n", said, 1, true)
  end)

  it("shows no places of inputs", function()
    local said = session("coroutine.wrap(function() error 'in co' end)()",
      "coroutine.wrap(function() coroutine.wrap(function() error 'deep' end)() end)()",
      "vs.warn 'hm'")
    assert.matches("error: in co\n", said, 1, true)
    assert.matches("error: deep\n", said, 1, true)
    assert.matches("vesper warning: hm\n", said, 1, true)
  end)

  it("keeps no results", function()
    local said = session("collectgarbage()", "local before = vs.memory().live",
      "vs.randn(500, 500)[1][1]", "vs.randn(500, 500):sum():item() > 1e9",
      "vs.memory().live == before")
    assert.matches("false\ntrue\n$", said)
  end)

  it("keeps its names apart from the library's", function()
    assert.equal("{a = 1}\t3\n2 tensors\n", (session("local table, type, string = {a = 1}, 1, 2",
      "local net = nn.Linear(2, 2)", "table, type + string",
      "print((tostring(net:state_dict()):match '2 tensors'))")))
  end)

  it("closes <close> variables when they change, and at the end", function()
    assert.equal("open\nfalse\ntrue\nclosed b\nclosed c\nclosed a\n", (session(
      "local function c(n)", "  local function close() print('closed ' .. n) end",
      "  return setmetatable({}, {__close = close})", "end",
      "local a <close> = c 'a'", "print 'open'", "local guard <close> = vs.no_grad()",
      "(vs.ones(1):requires_grad_() * 2).requires_grad", "guard = nil",
      "(vs.ones(1):requires_grad_() * 2).requires_grad",
      "local b <close> = c 'b'", "b = nil", "local d <close> = c 'c'")))
    local said = session "local x <close> = 1"
    assert.matches("variable 'x' got a non-closable value", said, 1, true)
  end)

  it("answers questions", function()
    local said = session("?relu", "?nn.Linear", "??early stopping", "local x = vs.ones(1)", "?x",
      "?", "?no_such_name", "?show", "?x:reshape", "?x.grad")
    assert.matches("vs.relu(x)", said, 1, true)
    assert.matches("nn.Linear(in_features", said, 1, true)
    assert.matches("train.fit\n", said, 1, true)
    assert.matches("Tensor:item()", said, 1, true)
    assert.matches("??words", said, 1, true)
    assert.matches("show(x, path?)\n", said, 1, true)
    assert.matches("unknown name 'no_such_name'", said, 1, true)
    assert.matches("vs.reshape(x, ", said, 1, true)
    assert.matches("Tensor.grad\n", said, 1, true)
  end)

  it("ends with exit", function()
    assert.equal("1\n", (session("1", "exit", "2")))
    assert.equal("1\n2\n", (session("exit = 1", "exit", "2")))
  end)

  it("is stopped by Ctrl-C and goes on", function()
    local said = session(
      "local own = io.open '/proc/self/stat':read 'n'",
      "local function stop() io.popen(('(sleep 0.2; kill -INT %d) &'):format(own)):close() end",
      "stop() while true do end", "local x = vs.randn(300, 300)",
      "stop() while true do local y = x:matmul(x) end", "'alive'")
    assert.matches("interrupted\n  at: stop() while true do end\n", said, 1, true)
    assert.matches("interrupted\n  at: stop() while true do local y", said, 1, true)
    assert.matches("alive", said)
  end)

  it("draws into files where there is no terminal", function()
    local folder = temp.folder()
    local said = session(("assert(os.execute('cd %s'))"):format(folder),
      ("show(vs.rand(3, 8, 8), '%s/a.png')"):format(folder),
      ("show({1, 3, 2}, '%s/b.svg')"):format(folder),
      ("vs.image.load('%s/a.png').shape[3]"):format(folder), "show 'x'")
    assert.matches("show: " .. folder .. "/a.png", said, 1, true)
    assert.matches("\n8\n", said, 1, true)
    assert.matches("error: show: 'x' is no picture", said, 1, true)
    assert.matches("<svg", temp.read(folder .. "/b.svg"), 1, true)
  end)

  it("has prompts at a terminal only", function()
    local ok = process.run "command -v script"
    if not ok then return pending "no script" end
    local folder = temp.folder()
    local typed = temp.write(folder .. "/typed", "1 + 1\nlocal x = {1,\n2}\n#x\n\4")
    local _, said = process.run(("HOME=%s TERM=dumb script -qec 'lua5.4 bin/vesper' /dev/null < %s")
      :format(folder, typed))
    assert.matches("> ", said, 1, true)
    assert.matches("... ", said, 1, true)
    assert.matches("> 2", said, 1, true)
    assert.matches("lua%-readline", said)
  end)

  it("runs a pasted text line by line", function()
    if not process.run "command -v script" then return pending "no script" end
    local folder = temp.folder()
    temp.write(folder .. "/readline.lua", READLINE)
    local typed = temp.write(folder .. "/typed",
      "local x = 41 + 1|x|local y = vs.ones(3)|  :sum()|y:item()|for i = 7, 8 do|print(i)|end\n\4")
    local _, said = process.run(("LUA_PATH_5_4='%s/?.lua;'$LUA_PATH_5_4 HOME=%s TERM=xterm "
      .. "script -qec 'lua5.4 bin/vesper' /dev/null < %s"):format(folder, folder, typed))
    assert.matches("\n42\r?\n3.0\r?\n7\r?\n8\r?\n", said)
    assert.not_matches("error", said)
  end)
end)
