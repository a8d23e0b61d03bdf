-- The names of the commands, in the order of `vesper --help`. Each is a file of this folder, which
-- returns the table that vesper.util.command reads: {name =, about =, places =, options =,
-- run = function(o)}. run returns nil and a message when the job failed.
return {"help", "version"}
