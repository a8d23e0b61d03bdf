local vs = require "vesper"
local mpi = require "spec.support.mpi"
local process = require "spec.support.process"
local temp = require "spec.support.temp"

-- What ranks check: values of two tensors, also in double precision.
local PRELUDE = [[
local function same(want, got)
  local ok = want.dtype == got.dtype and want:allclose(got, {rtol = 1e-6})
  if not ok then error(("expected %s, got %s"):format(want, got), 2) end
end
]]

describe("vs.dist on one process", function()
  it("loads no MPI", function()
    local said = process.lua [[
      local vs = require "vesper"
      local x = vs.tensor{1, 2}
      assert(vs.dist.size() == 1 and vs.dist.rank() == 0)
      for _, name in ipairs {"all_reduce", "all_gather", "broadcast", "reduce_scatter"} do
        assert(vs.dist[name](x):allclose(x) and vs.dist[name](x):id() ~= x:id(), name)
      end
      vs.dist.barrier()
      local maps = io.open "/proc/self/maps":read "a"
      print(maps:find "libmpi" == nil, maps:find "dist%.so" == nil)
    ]]
    assert.equal("true\ttrue\n", said)
  end)

  it("checks arguments as on many", function()
    local function fails(want, fn, ...)
      local ok, message = pcall(fn, ...)
      assert.is_false(ok)
      assert.matches(want, message, 1, true)
    end
    fails("expected sum, mean, min or max", vs.dist.all_reduce, vs.ones(2), "product")
    fails("expected floating point for a mean", vs.dist.all_reduce, vs.ones(2):long(), "mean")
    fails("min has no gradient", vs.dist.all_reduce, vs.ones(2):requires_grad_(), "min")
    fails("root is 1, expected 0..0", vs.dist.broadcast, vs.ones(2), 1)
    fails("x is float", vs.dist.reduce_scatter, vs.tensor(1))
  end)

  it("names dist.so where a launcher started the process and it is not there", function()
    local _, said = process.run("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 lua5.4 -e '"
      .. "local vs = require [[vesper]] package.cpath = [[none/?.so]] print(pcall(vs.dist.rank))'")
    assert.matches("one of several of an MPI job, but vesper/dist.so is not there; `make dist",
      said, 1, true)
    -- a script that catches the error gets it again, and does not go on as the only rank
    _, said = process.run("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 lua5.4 -e '"
      .. "local vs = require [[vesper]] package.cpath = [[none/?.so]] pcall(vs.dist.rank) "
      .. "print(pcall(vs.dist.size))'")
    assert.matches("^false\t", said)
    _, said = process.run("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 lua5.4 -e '"
      .. "local vs = require [[vesper]] package.cpath = [[none/?.so]] print(vs.dist.size())'")
    assert.equal("1\n", said)
  end)
end)

local describe_mpi = mpi.there() and describe or pending

describe_mpi("vs.dist on several ranks", function()
  it("reduces, gathers and sends every dtype", function()
    mpi.works(3, PRELUDE .. [[
      for _, dtype in ipairs {"float32", "float64", "float16", "bfloat16", "int64", "int32",
          "uint8"} do
        local function t(list) return vs.tensor(list):to(dtype) end
        local x = t{rank + 1, 5 - rank, 2}
        same(t{6, 12, 6}, dist.all_reduce(x))
        same(t{1, 3, 2}, dist.all_reduce(x, "min"))
        same(t{3, 5, 2}, dist.all_reduce(x, "max"))
        if dtype:find "float" then same(t{2, 4, 2}, dist.all_reduce(x, "mean")) end
        same(t{2, 4, 2}, dist.broadcast(x, 1))
        same(t{1, 5, 2, 2, 4, 2, 3, 3, 2}, dist.all_gather(x))
        same(t({6, 12, 6}):slice(1, rank + 1, rank + 1), dist.reduce_scatter(x))
        same(x, t{rank + 1, 5 - rank, 2})
      end
      local flags = vs.tensor{rank == 1, true}
      same(vs.tensor{true, true}, dist.all_reduce(flags, "max"))
      same(vs.tensor{false, true}, dist.all_reduce(flags, "min"))
      same(vs.tensor{false, true, true, true, false, true}, dist.all_gather(flags))
      same(vs.tensor{true, true}, dist.broadcast(flags, 1))
    ]])
  end)

  it("gathers different numbers of rows, numbers, views and empty parts", function()
    mpi.works(4, PRELUDE .. [[
      local x = (vs.ones(rank, 2) * rank)
      local all = dist.all_gather(x)
      same(vs.tensor{{1, 1}, {2, 2}, {2, 2}, {3, 3}, {3, 3}, {3, 3}}, all)
      same(vs.tensor{0, 1, 2, 3}, dist.all_gather(vs.tensor(rank)))
      same(vs.tensor(6), dist.all_reduce(vs.tensor(rank)))
      local m = vs.arange(6):float():reshape(2, 3):t()
      same(m * 4, dist.all_reduce(m))
      same(vs.cat({m, m, m, m}, 1), dist.all_gather(m))
    ]])
  end)

  it("shares a list", function()
    mpi.works(3, PRELUDE .. [[
      for n = 0, 7 do
        local list = {}
        for i = 1, n do list[i] = i * i end
        local part = dist.share(list)
        local all = dist.all_gather(#part == 0 and vs.zeros(0):long()
          or vs.tensor(part, {dtype = "int64"})):tolist()
        assert(table.concat(all, " ") == table.concat(list, " "))
      end
    ]])
    assert.same({1, 2}, vs.dist.share{1, 2})
  end)

  it("gives gradients", function()
    mpi.works(2, PRELUDE .. [[
      -- loss of rank r: (r + 1) * sum(w * gathered), so that dx is the sum over ranks
      local function leaf() return (vs.ones(2, 2) * (rank + 1)):requires_grad_() end
      local x = leaf()
      local w = vs.arange(8):float():reshape(4, 2)
      ;(dist.all_gather(x) * w * (rank + 1)):sum():backward()
      same(w:slice(1, 2 * rank + 1, 2 * rank + 2) * 3, x.grad)
      x = leaf()
      ;(dist.all_reduce(x) * (rank + 1)):sum():backward()
      same(vs.ones(2, 2) * 3, x.grad)
      x = leaf()
      ;(dist.all_reduce(x, "mean") * (rank + 1)):sum():backward()
      same(vs.ones(2, 2) * 1.5, x.grad)
      x = leaf()
      ;(dist.reduce_scatter(x) * (rank + 1)):sum():backward()
      same(vs.tensor{{1, 1}, {2, 2}}, x.grad)
      x = vs.ones(rank + 1, 1):requires_grad_()
      ;(dist.all_gather(x) * vs.tensor{{1}, {2}, {3}}):sum():backward()
      same(rank == 0 and vs.tensor{{2}} or vs.tensor{{4}, {6}}, x.grad)
    ]])
  end)

  it("refuses different calls, and names ranks, host and lines", function()
    local ok, said = mpi.run(2, [[
      local message = select(2, pcall(dist.all_reduce, vs.ones(2 + rank)))
      if rank == 0 then print(message) end
      message = select(2, pcall(dist.agree, "settings", {"a = 1", "b = " .. rank}))
      if rank == 1 then print(message) end
      if rank == 0 then dist.barrier() else dist.all_reduce(vs.ones(2)) end
    ]])
    assert.is_false(ok)
    assert.matches("rank 0 on %S+: %S+:4: dist.all_reduce: the ranks do not call the same\n"
      .. "  rank 0: all_reduce sum of float%d+ %[2%] %(%S+, %S+:4%)\n"
      .. "  rank 1: all_reduce sum of float%d+ %[3%] %(%S+, %S+:4%)", said)
    assert.matches("settings: the ranks differ\n  rank 0: b = 0 %(.-%)\n  rank 1: b = 1", said)
    assert.matches("rank 0: barrier %(%S+, %S+:8%)\n", said)
  end)

  it("refuses different calls of dist.agree, and shows long and missing lines", function()
    local ok, said = mpi.run(2, [[
      local message = select(2, pcall(dist.agree, "long", {("x"):rep(500) .. rank}))
      if rank == 0 then print(message) end
      message = select(2, pcall(dist.agree, "short", {"a", rank == 1 and "b" or nil}))
      if rank == 0 then print(message) end
      print(pcall(dist.agree, "lines", {true}))
      if rank == 0 then dist.agree("settings", {"a"}) else dist.barrier() end
    ]])
    assert.is_false(ok)
    assert.matches("rank 0: x+%.%.%. %(501 bytes, hash %x+%) %(%S+%)\n"
      .. "  rank 1: x+%.%.%. %(501 bytes, hash %x+%) %(%S+%)", said)
    assert.matches("rank 0: nothing more %(%S+%)\n  rank 1: b %(%S+%)", said)
    assert.matches("lines[1] is true, expected a string", said, 1, true)
    assert.matches("settings: the ranks do not call the same\n"
      .. "  rank 0: agree of settings %(%S+, %S+:9%)\n  rank 1: barrier %(%S+, %S+:9%)", said)
  end)

  it("does not wait for ever for a rank that never uses vs.dist", function()
    local path = temp.write(os.tmpname(), "local vs = require 'vesper'\n"
      .. "if os.getenv 'OMPI_COMM_WORLD_RANK' == '0' then vs.dist.init{timeout = 2}\n"
      .. "else os.execute 'sleep 20' end") -- mpirun itself ends the job where a rank has ended
    local ok, said, status = process.run(mpi.command(2, path, "", 60))
    os.remove(path)
    assert.is_false(ok)
    assert.is_true(status ~= 124)
    assert.matches("vesper: rank 0 on %S+: dist.init: the other ranks did not come within 2 s",
      said)
  end)

  it("waits no longer than the limit", function()
    local ok, said = mpi.run(2, [[
      dist.init{timeout = 1}
      if rank == 0 then dist.barrier() end
      os.execute "sleep 20"
    ]])
    assert.is_false(ok)
    assert.matches("the other ranks did not come within 1 s", said)
  end)

  it("ends all ranks when one raises, dies or ends early", function()
    local began = os.time()
    local ok, said = mpi.run(3, [[
      if rank == 1 then error "this one" end
      dist.barrier()
    ]])
    assert.is_false(ok)
    assert.matches("lua_%w+:4: this one", said)
    assert.matches("vesper: rank 1 of 3 on [^\n]- ended with status 1; all ranks are ended", said)
    ok, said = mpi.run(3, [[
      if rank == 2 then os.execute "kill -9 $PPID" end
      dist.barrier()
    ]])
    assert.is_false(ok)
    assert.matches("rank 2 with PID %d+ on node %S+ exited on signal 9", said)
    ok, said = mpi.run(2, [[
      if rank == 0 then return end
      dist.all_reduce(vs.ones(2))
    ]])
    assert.is_false(ok)
    assert.matches("the ranks do not call the same\n  rank 0: the end of the script", said)
    assert.is_true(os.time() - began < 60)
  end)

  it("is refused by another version of the library", function()
    local cpath = package.searchpath("vesper.dist", package.cpath)
    local other = os.tmpname()
    local _, flags = process.run "pkg-config --cflags lua5.4"
    local ok, said = process.run(("mpicc -std=c11 -D_GNU_SOURCE -DVS_API_NUMBER=99 -Icsrc %s "
      .. "-fPIC -shared -o %s csrc/dist/*.c"):format(flags:gsub("\n", ""), other))
    assert(ok, said)
    _, said = process.run(("lua5.4 -e 'require \"vesper\" "
      .. "print(pcall(package.loadlib(\"%s\", \"luaopen_vesper_dist\")))'"):format(other))
    os.remove(other)
    assert.is_string(cpath)
    assert.matches("is built for interface 99, but vesper/core.so has %d+", said)
  end)
end)
