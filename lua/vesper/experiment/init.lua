-- vs.experiment: tables of models over seeds: the runs, their summary and their reports.
local tables = require "vesper.util.tables"

return tables.merge(require "vesper.experiment.runs", require "vesper.experiment.summary",
  require "vesper.experiment.tables", {report = require "vesper.experiment.report"})
