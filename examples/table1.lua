-- Table 1: `vesper table`, lua/vesper/cli/commands/table.lua.
--
--   lua5.4 examples/table1.lua DATA.h5 OUT [--option=value ...]      (--help lists the options)
local command, what = require "vesper.util.command", require "vesper.cli.commands.table"
os.exit(command.run(arg, what, "examples/table1.lua"), true)
