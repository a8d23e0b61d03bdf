-- Visits every op of the registry: each has a case in spec/op/cases, in the file of its C file's
-- name, and each case passes.  In the double build gradients are compared with central differences;
-- values are checked in both.
local vs = require "vesper"
local cases = require "spec.support.cases"

local by_op, ops = {}, {}
for _, case in ipairs(cases.all()) do
  by_op[case.op] = by_op[case.op] or {}
  table.insert(by_op[case.op], case)
end

local function has_gradient(op) return not op.nograd and not op.inplace end

-- Whether some case derives by that tensor argument.
local function derived(list, position, name)
  for _, case in ipairs(list) do
    for _, constant in ipairs(case.constant or {}) do
      if constant == name then return true end
    end
    if cases.wants(case, cases.inputs(vs, case), position) then return true end
  end
  return false
end

describe("the op registry", function()
  local gradients = 0
  for _, op in ipairs(vs.ops()) do
    ops[op.name] = op
    local list = by_op[op.name] or {}

    it(op.name .. " is described", function()
      assert.is_true(type(op.doc) == "string" and #op.doc > 0, op.name .. " has no doc")
    end)

    if has_gradient(op) then
      it(op.name .. " has a gradient case for each tensor it can be derived by", function()
        assert(#list > 0, op.name .. " has no case in spec/op/cases")
        for i, arg in ipairs(cases.tensor_args(op)) do
          if arg.kind ~= "index" and arg.kind ~= "mask" and arg.kind ~= "buffer" then
            assert(derived(list, i, arg.name), "no case derives by " .. arg.name)
          end
        end
      end)
    else
      it(op.name .. " has a forward case", function()
        local found
        for _, case in ipairs(list) do found = found or case.forward end
        assert(found, op.name .. " has no case with `forward` in spec/op/cases")
      end)
    end

    for _, case in ipairs(list) do
      if case.forward then
        it(op.name .. ", " .. case.name .. ": values", function()
          cases.check_forward(vs, op, case)
        end)
      end
      if has_gradient(op) and cases.derives(case) then
        gradients = gradients + 1
        if vs.build.real == "double" then
          it(op.name .. ", " .. case.name .. ": gradient", function()
            cases.check_gradient(vs, op, case)
          end)
        end
      end
    end
  end

  if vs.build.real ~= "double" then
    pending(("has %d gradients, which the double build compares"):format(gradients))
  end

  -- csrc/op/ops.def says which file defines an op.
  local home, files = {}, {}
  local at
  for line in io.lines "csrc/op/ops.def" do
    at = line:match "^/%* ([%w_]+)%.c %*/$" or at
    local op = line:match "^VS_OP%(([%w_]+)%)$"
    if op then home[op], files[at] = at, true end
  end

  -- Names of the files in a folder that end so, as keys.
  local function names(folder, ending, holding)
    local found = {}
    local pipe = assert(io.popen("ls " .. folder))
    for file in pipe:lines() do
      local name = file:match("^([%w_]+)%." .. ending .. "$")
      local text = name and holding and assert(io.open(folder .. "/" .. file)):read "a"
      if name and (not holding or text:find(holding)) then found[name] = true end
    end
    pipe:close()
    return found
  end

  it("is listed by the files that define it", function()
    assert.same(files, names("csrc/op", "c", "const vs_opdef vs_op_"))
    for _, op in ipairs(vs.ops()) do
      local file = assert(home[op.name], op.name .. " is not in ops.def")
      local text = assert(io.open("csrc/op/" .. file .. ".c")):read "a"
      local word = op.name:gsub("[12]d$", "") -- a macro may define both
      assert(text:find("vs_op_" .. op.name .. " = {", 1, true) -- or by a macro
        or text:find("%u+%(%s*[%w_, ]*%f[%w_]" .. word .. ","),
        ("%s.c does not define %s"):format(file, op.name))
    end
  end)

  it("has its cases in files of the same names", function()
    assert.same(files, names("spec/op/cases", "lua"))
    for name, list in pairs(by_op) do
      for _, case in ipairs(list) do
        assert.equal(("spec/op/cases/%s.lua"):format(home[name]), case.file, case.key)
      end
    end
  end)

  it("has every op that the cases name", function()
    for name, list in pairs(by_op) do
      assert(ops[name], list[1].file .. ": there is no op " .. name)
    end
  end)
end)
