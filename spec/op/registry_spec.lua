-- Visits every op of the registry: each has a case in spec/op/cases, each case passes.  In the
-- double build gradients are compared with central differences; values are checked in both.
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
      if has_gradient(op) and cases.derives(case) and vs.build.real == "double" then
        it(op.name .. ", " .. case.name .. ": gradient", function()
          cases.check_gradient(vs, op, case)
        end)
      end
    end
  end

  it("has every op that the cases name", function()
    for name, list in pairs(by_op) do
      assert(ops[name], list[1].file .. ": there is no op " .. name)
    end
  end)
end)
