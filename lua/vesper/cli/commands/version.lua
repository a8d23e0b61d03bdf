-- `vesper version`: what was built, and what it runs on.
return {
  name = "version", about = "Prints the version, the processor level and the number of threads.",
  places = {}, options = {},
  run = function()
    local core = require "vesper.core"
    print(("vesper %s, %s, %s, %s, %d threads"):format(core.build.version, _VERSION,
      core.build.isa, core.build.real, core.get_num_threads()))
    return true
  end,
}
