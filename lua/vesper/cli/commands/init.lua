-- The names of the commands, in the order in which they are listed.  commands/NAME.lua returns what
-- command.run takes (lua/vesper/util/command.lua).
return {"prepare", "inspect", "train", "evaluate", "encode", "search", "table", "help", "version"}
