-- Checkpoints that are damaged, and writers that were stopped; a run that goes on from a checkpoint
-- ends with the bytes of a run that never stopped.
local vs = require "vesper"
local kill = require "spec.support.kill"
local process = require "spec.support.process"
local run = require "spec.support.run_parts"
local temp = require "spec.support.temp"

local checkpoint = vs.checkpoint
local make, step, state_of, refused = run.make, run.step, run.state_of, run.refused

local FILES = {"weights.safetensors", "optimizer.safetensors", "extra.safetensors", "state.json"}

describe("checkpoint", function()
  local folder
  before_each(function() folder = temp.folder() .. "/run" end)
  teardown(temp.remove)

  describe("that is broken", function()
    local parts
    before_each(function()
      parts = make()
      step(parts, vs.randn(5, 3))
      parts.extra = {t = vs.ones(3)}
      assert(checkpoint.save(folder, parts))
      parts.extra = nil
    end)

    it("names the file that is missing or cut short", function()
      for _, name in ipairs(FILES) do
        local path = folder .. "/" .. name
        local bytes = temp.read(path)
        os.remove(path)
        refused(folder, parts, path .. ": No such file")
        for _, size in ipairs {0, 5, #bytes // 2, #bytes - 1 - (name == "state.json" and 2 or 0)} do
          temp.write(path, bytes:sub(1, size))
          refused(folder, parts, path .. ": ")
        end
        temp.write(path, bytes)
      end
      assert(checkpoint.load(folder, parts))
    end)

    it("is told apart from another one", function()
      local bytes = temp.read(folder .. "/weights.safetensors")
      assert(checkpoint.save(folder, parts))
      temp.write(folder .. "/weights.safetensors", bytes)
      refused(folder, parts, "weights.safetensors: belongs to another checkpoint than state.json")
    end)

    it("survives any edit of state.json", function()
      local path = folder .. "/state.json"
      local text = temp.read(path)
      local function edited(old, new, ...)
        local from, to = text:find(old, 1, true)
        assert(from, old)
        temp.write(path, text:sub(1, from - 1) .. new .. text:sub(to + 1))
        refused(folder, parts, folder, "state.json", ...)
      end
      edited('"version": 1', '"version": 2', "version is 2, expected 1")
      edited('"vesper checkpoint"', '"x"', "is not part of a checkpoint")
      edited('"counter": "0x', '"counter": "0y', "has no random state")
      edited('"lr": 0.125', '"lr": -1', "settings of group 1: ", "lr is -1")
      edited('"lr": 0.125', '"lr": "x"', "settings of group 1: ")
      edited('"lr": 0.125', '"rl": 1', "settings of group 1: ", "rl")
      edited('"1.1": 1', '"1.1": 0.5', "optimizer is corrupt")
      edited('"1.1": 1', '"9.1": 1', "missing: steps of parameters 1.1", "unexpected", "9.1")
      edited('"batch": 0', '"batch": -1', "loader 'loader' is corrupt")
      edited('"batch": 0', '"batch": 99', "loader 'loader' is at batch 99, expected at most 4")
      edited('"$tensor": "extra.t"', '"$tensor": "u"', "extra has an invalid $tensor: u")
      edited('"samples": 10', '"samples": 11', "samples of loader 'loader' is 11, expected 10")
      temp.write(path, "[1, 2]")
      refused(folder, parts, "is not part of a checkpoint")
      -- every value replaced by another kind: a message or a load, never an error
      local tree = vs.io.json_decode(text)
      local function visit(t)
        for key, old in pairs(t) do
          for _, new in ipairs {vs.io.null, 7, "s", true, {}, {x = {1}}, vs.io.array {}} do
            t[key] = new
            assert(vs.io.json_save(path, tree))
            local ok, found, message = pcall(checkpoint.load, folder, parts)
            assert(ok, found)
            assert(found or #message > 0)
          end
          t[key] = old
          if type(old) == "table" then visit(old) end
        end
      end
      visit(tree)
    end)
  end)

  describe("whose writer was stopped", function()
    local function epoch() return assert(checkpoint.load(folder)).epoch end
    local function shell(command) assert(os.execute(command:gsub("RUN", folder))) end
    local function only_one() assert.same({"run"}, temp.list(folder:match "(.*)/")) end

    it("before the exchange, is the old one", function()
      assert(checkpoint.save(folder, {epoch = 1}))
      shell "mkdir RUN.new && cp RUN/state.json RUN.new/state.json.tmp-12-1"
      assert.equal(1, epoch())
      assert(checkpoint.save(folder, {epoch = 2}))
      assert.equal(2, epoch())
      only_one()
    end)

    it("after the exchange, is the new one", function()
      assert(checkpoint.save(folder, {epoch = 1}))
      shell "cp -r RUN RUN.old && rm RUN.old/state.json && cp -r RUN RUN.new"
      assert.equal(1, epoch())
      assert(checkpoint.save(folder, {epoch = 2}))
      assert.equal(2, epoch())
      only_one()
    end)

    it("between two renames, is the one set aside", function()
      assert(checkpoint.save(folder, {epoch = 1}))
      shell "cp -r RUN RUN.new && mv RUN RUN.old"
      assert.is_true(checkpoint.exists(folder))
      assert.equal(1, epoch())
      assert(checkpoint.save(folder, {epoch = 2}))
      assert.equal(2, epoch())
      only_one()
    end)

    it("is replaced by two renames where names cannot be exchanged", function()
      assert(checkpoint.save(folder, {epoch = 1}))
      local path = assert(vs._folder_stage(folder, FILES))
      local text = temp.read(folder .. "/state.json"):gsub('"epoch": 1', '"epoch": 2')
      temp.write(path .. "/state.json", text)
      assert.equal(1, epoch())
      assert.is_true(vs._folder_commit(folder, FILES, true))
      assert.equal(2, epoch())
      only_one()
    end)
  end)

  it("goes on with the bytes of a run that never stopped, from every step", function()
    local place = folder:match "(.*)/"
    local function train(result, every, from)
      local ok, said = process.run(("lua5.4 spec/support/training.lua %s %s %d 12 %s"):format(
        place, place .. "/" .. result, every, from and place .. "/" .. from or ""))
      assert(ok, said)
      return temp.read(place .. "/" .. result)
    end
    local want = train("want", 5)
    os.execute("rm -r " .. place .. "/run")
    assert.equal(want, train("keeping", 0)) -- saving disturbs nothing
    for k = 1, 11 do
      assert(train("got", 100, k) == want, "resumed after step " .. k .. ": other weights")
    end
  end)

  it("survives SIGKILL at any moment", function()
    local ended = kill.run(10, 1, function() end)
    assert(ended >= 1)
  end)

  it("is the old or the new state when memory is short", function()
    local parts, other = make(), make()
    local x = vs.randn(5, 3)
    step(parts, x)
    assert(checkpoint.save(folder, parts))
    local want, refusals = state_of(parts), 0
    for n = 1, 150 do
      local before = state_of(other)
      vs._fail_allocation(n)
      local ok, found = pcall(checkpoint.load, folder, other)
      refusals = refusals + vs._fail_allocation(0)
      assert.equal(ok and found and want or before, state_of(other))
      if ok and found then step(other, x) end
      vs._fail_allocation(n)
      ok, found = pcall(checkpoint.save, folder, parts)
      refusals = refusals + vs._fail_allocation(0)
      assert(ok or type(found) == "string")
      assert.same({"run"}, temp.list(folder:match "(.*)/"))
    end
    assert(refusals > 50, refusals)
  end)
end)
