-- The program: commands, help, misuse, man page, completions; and what is loaded for them.
local vs = require "vesper"
local names = require "vesper.cli.commands"
local run = require "spec.support.process".run
local shell = require "spec.support.shell"
local temp = require "spec.support.temp"

describe("vesper", function()
  teardown(temp.remove)

  it("lists its commands", function()
    local text = shell.ok "--help"
    for _, name in ipairs(names) do assert.matches("\n  " .. name .. " ", text) end
    assert.equal(text, (shell.ok "help"))
  end)

  it("names the nearest command, and fails with 2", function()
    shell.refuses(2, "'trian'", "trian")
    shell.refuses(2, "did you mean train?", "trian")
  end)

  for _, name in ipairs(names) do
    it(name .. " answers --help, and refuses an option that it does not know", function()
      local text = shell.ok(name, "--help")
      assert.matches("^usage: vesper " .. name, text)
      assert.equal(text, (shell.ok("help", name)))
      if name ~= "prepare" then
        local want = "vesper %s: unknown option '--nonsense', expected one of --"
        shell.refuses(2, want:format(name), name, "a", "b", "c", "--nonsense=1")
      end
      for _, line in ipairs {text:match "\n\n(.*)$"} do
        for one in line:gmatch "[^\n]+" do assert(#one <= 100, one) end
      end
    end)
  end

  it("documents commands in words of the shell, not of Lua", function()
    local list = {"train", "table", "search", "encode", "evaluate", "inspect"}
    for _, kind in ipairs(require "vesper.cli.commands.prepare".commands.names) do
      list[#list + 1] = "prepare " .. kind
    end
    for _, name in ipairs(list) do
      local first, kind = name:match "^(%S+) ?(%S*)$"
      local text = kind ~= "" and shell.ok(first, kind, "--help") or shell.ok(first, "--help")
      for _, word in ipairs {" = ", "false", "true%)", "[Rr]eturns", "vs%.", " nil", "of the paper",
        "tostring"} do
        assert(not text:find(word), name .. ": " .. word)
      end
    end
  end)

  it("version loads the C module alone, and prints JSON", function()
    local text = shell.ok "version"
    assert.matches("^vesper " .. vs.build.version:gsub("%p", "%%%0") .. "\n", text)
    assert.equal(text, (shell.ok "--version"))
    local facts = assert(vs.io.json_decode(shell.ok("version", "--json")))
    assert.same({vs.build.version, vs.build.isa, vs.build.real},
      {facts.version, facts.isa, facts.real})
    assert(type(facts.threads) == "number" and #facts.libraries >= 1)
    local ok, said = run [[lua5.4 -e 'require "vesper.cli".main {"version"}
      local loaded = 0
      for name in pairs(package.loaded) do loaded = loaded + (name:find "^vesper" and 1 or 0) end
      io.write("modules ", loaded, " ", tostring(package.loaded.vesper))']]
    assert(ok, said)
    local count = said:match "modules (%d+) nil$"
    assert(tonumber(count) <= 12, said)
  end)

  it("is not loaded by require 'vesper'", function()
    local ok, said = run [[lua5.4 -e 'require "vesper"
      for name in pairs(package.loaded) do assert(not name:find "^vesper.cli", name) end']]
    assert(ok, said)
  end)

  it("help prints the help of the library, and fails for an unknown name", function()
    assert.matches("^vs.conv2d%(x, w", shell.ok("help", "conv2d"))
    shell.refuses(1, "vesper help: unknown name 'conv2dd'; did you mean ", "help", "conv2dd")
    shell.refuses(2, "unexpected argument 'b'", "help", "a", "b")
  end)

  it("has a man page with every command and option", function()
    local page = shell.ok("help", "--man")
    assert.matches('^.TH VESPER 1 ', page)
    for _, name in ipairs(names) do
      assert(page:find("\n.SS vesper " .. name, 1, true), name)
    end
    for _, option in ipairs(require "vesper.cli.commands.train".options) do
      assert(page:find("\n.B \\-\\-" .. option[1] .. "\n", 1, true), option[1])
    end
    local found = run "command -v groff >/dev/null"
    if not found then return end
    local path = temp.write(temp.folder() .. "/vesper.1", page)
    local _, said = run("groff -man -Tutf8 -ww -z " .. path)
    assert.equal("", said)
  end)

  it("completes commands, kinds, options, choices and files in bash", function()
    if not run "command -v bash >/dev/null" then return pending "no bash" end
    local folder = temp.folder()
    temp.write(folder .. "/vesper.bash", (shell.ok("help", "--completion=bash")))
    temp.write(folder .. "/shop.h5", "")
    temp.write(folder .. "/run.bash", [[
cd "$(dirname "$0")"; . ./vesper.bash
try() {
  COMP_LINE="$1"; COMP_POINT=${#1}; read -ra COMP_WORDS <<< "$1"
  case "$1" in *" ") COMP_WORDS+=("") ;; esac
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _vesper; echo "${COMPREPLY[*]}"
}
try "vesper tr"; try "vesper prepare ka"; try "vesper train --mod"; try "vesper train --model=CI"
try "vesper prepare emoji --keyw"; try "vesper inspect sho"; try "vesper help enc"
]])
    local _, said = run("bash " .. folder .. "/run.bash")
    assert.equal("train\nkarpathy\n--model=\nCIM\n--keywords=\nshop.h5\nencode\n", said)
    assert.matches("^#compdef vesper\n", shell.ok("help", "--completion=zsh"))
    shell.refuses(2, "--completion is 'fish'; did you mean bash or zsh?", "help",
      "--completion=fish")
  end)
end)
