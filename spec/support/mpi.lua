-- Programs on several ranks of this machine, with the build under test.
local temp = require "spec.support.temp"
local process = require "spec.support.process"

local mpi = {}

-- As many ranks as a spec wants, by root too, on few processors.
local ENVIRONMENT = "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 "
  .. "OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none"

--- Whether there is a launcher, and dist.so for this build.
function mpi.there()
  return os.execute "command -v mpirun >/dev/null" == true
    and package.searchpath("vesper.dist", package.cpath) ~= nil
end

--- The command that runs a file of Lua on n ranks; it ends after `seconds` (300).
function mpi.command(n, path, arguments, seconds)
  return ("env %s timeout -k 5 %d mpirun -n %d lua5.4 %s %s"):format(ENVIRONMENT, seconds or 300, n,
    path, arguments or "")
end

--- Runs a program on n ranks.  Returns whether it succeeded, and what all ranks wrote.
function mpi.run(n, program, arguments)
  local path = temp.write(os.tmpname(), "local vs, dist = require 'vesper'\ndist = vs.dist\n"
    .. "local rank, size = dist.rank(), dist.size()\n" .. program)
  local ok, said, status = process.run(mpi.command(n, path, arguments))
  os.remove(path)
  return ok, said, status
end

--- Runs a program on n ranks; raises with what it wrote where it fails.
function mpi.works(n, program, arguments)
  local ok, said = mpi.run(n, program, arguments)
  if not ok then error(said, 2) end
  return said
end

return mpi
