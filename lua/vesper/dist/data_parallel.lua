-- vs.dist.DataParallel: every rank has the whole model and a part of each batch; the gradients are
-- averaged over the ranks while backward still runs.
--
--   local dp = vs.dist.DataParallel(model)
--   for batch in loader do
--     opt:zero_grad()
--     dp:loss(batch, epoch):backward()      -- returns when the averages are in .grad
--     opt:step()
--   end
--
-- Gradients are sent in buckets of several parameters, in the order in which backward completes
-- them.  The first backward finds this order: it sends nothing before its end, and then all ranks
-- take the order of rank 0.  All ranks send the same buckets in the same order; a parameter that
-- has no gradient on a rank counts as zero there, and one that has none on any rank keeps none.
--
-- Several objects may take part in one backward.  Each has a number and a channel of its own, since
-- the order in which their parameters get gradients may differ between ranks.
local core = require "vesper.core"
local collectives = require "vesper.dist.collectives"
local batch_norm = require "vesper.dist.batch_norm"
local job = require "vesper.dist.job"
local contrast = require "vesper.models.contrast"
local pairs_of_all = require "vesper.dist.pairs"
local check = require "vesper.util.check"
local options = require "vesper.util.options"
local text = require "vesper.util.text"

local DataParallel = {}
DataParallel.__index = DataParallel
DataParallel.__name = "DataParallel"

local WHAT = "dist.DataParallel"
local FIRST = 1 -- MB of the first bucket, which the end of backward waits for least

local made = 0 -- objects so far, on all ranks
local waiting = {} -- those that take part in the backward `waiting.walk`

-- ---- buckets ------------------------------------------------------------------------------------

local function bytes_of(self, parameter)
  local wide = core.build.real == "double" and 8 or 4
  return parameter:numel() * (self.wire == "bfloat16" and 2 or wide)
end

local function close_bucket(self, bucket)
  local total, at = 0, 1
  for _, i in ipairs(bucket) do total = total + self.parameters[i]:numel() end
  bucket.flat, bucket.views = core.zeros(total), {}
  if self.wire == "bfloat16" then bucket.flat = bucket.flat:to "bfloat16" end
  for k, i in ipairs(bucket) do
    local p = self.parameters[i]
    bucket.views[k] = bucket.flat:slice(1, at, at + p:numel() - 1):reshape_as(p)
    at = at + p:numel()
    self.bucket_of[i] = bucket
  end
  table.insert(self.buckets, bucket)
end

-- Divides the parameters, in the order in which they get their gradients, into buckets.
local function make_buckets(self, order)
  self.order, self.buckets, self.bucket_of = order, {}, {}
  local bucket, bytes, most = {}, 0, math.min(FIRST, self.bucket) * 2 ^ 20
  for _, i in ipairs(order) do
    bucket[#bucket + 1] = i
    bytes = bytes + bytes_of(self, self.parameters[i])
    if bytes >= most then
      close_bucket(self, bucket)
      bucket, bytes, most = {}, 0, self.bucket * 2 ^ 20
    end
  end
  if #bucket > 0 then close_bucket(self, bucket) end
end

-- Rank 0's order of arrival; parameters without a gradient come last.
local function find_order(self)
  local order, seen = {}, {}
  for _, i in ipairs(self.arrived) do order[#order + 1], seen[i] = i, true end
  for i = 1, #self.parameters do
    if not seen[i] then order[#order + 1] = i end
  end
  return collectives.broadcast(core.tensor(order, {dtype = "int64"})):tolist()
end

-- ---- a backward ---------------------------------------------------------------------------------

local function launch(self, bucket)
  for k, i in ipairs(bucket) do
    local grad = self.parameters[i].grad
    if grad then bucket.views[k]:copy_(grad) else bucket.views[k]:zero_() end
  end
  bucket.request = job.lib.reduce(bucket.flat, "sum", self.channel)
end

-- Starts the buckets that are complete, in their order.
local function launch_complete(self)
  local bucket = self.buckets[self.launched + 1]
  while bucket and bucket.missing == 0 do
    self.launched = self.launched + 1
    launch(self, bucket)
    bucket = self.buckets[self.launched + 1]
  end
end

-- Which parameters have a gradient on some rank, a list of 0 and 1, and whether some rank's last
-- backward failed.
local function found_anywhere(self)
  local flags = {}
  for i, p in ipairs(self.parameters) do flags[i] = p.grad and 1 or 0 end
  flags[#flags + 1] = self.broken and 1 or 0
  flags = core.tensor(flags, {dtype = "uint8"})
  job.wait(job.lib.reduce(flags, "max"), WHAT)
  local used = flags:tolist()
  return used, table.remove(used) == 1
end

-- After a backward that failed, ranks may have sent different buckets: what is under way is left
-- alone, with its channel and its memory.
local function start_anew(self)
  self.channel, self.broken = job.lib.open_channel(job.timeout, WHAT), false
  self.launched = 0
  make_buckets(self, self.order)
end

-- Waits for a bucket and moves the averages into .grad.
local function take(self, bucket, used)
  job.wait(bucket.request, WHAT)
  bucket.request = nil
  bucket.flat:mul_(1 / job.size)
  for k, i in ipairs(bucket) do
    local p, average = self.parameters[i], bucket.views[k]
    if p.grad then
      p.grad:copy_(average)
    elseif used[i] == 1 then
      p.grad = p:detach():clone():copy_(average)
    end
  end
end

local function finish(self)
  self.step = self.step + 1
  job.meet(WHAT, ("backward %d of DataParallel %d"):format(self.step, self.number))
  local used, broken = found_anywhere(self)
  if not self.order then make_buckets(self, find_order(self)) end
  if broken then start_anew(self) end
  for n = self.launched + 1, #self.buckets do launch(self, self.buckets[n]) end
  core.no_grad(function()
    for _, bucket in ipairs(self.buckets) do take(self, bucket, used) end
  end)
  self.under_way = false
end

local function finish_all()
  local list = waiting
  waiting = {}
  table.sort(list, function(a, b) return a.number < b.number end)
  for _, self in ipairs(list) do finish(self) end
end

local function begin(self, id)
  self.broken = self.broken or self.under_way -- the last backward failed: nothing is sent early
  self.walk, self.launched, self.arrived, self.under_way = id, 0, {}, true
  for _, bucket in ipairs(self.buckets or {}) do bucket.missing = #bucket end
  if waiting.walk ~= id then
    waiting = {walk = id}
    core._after_backward(finish_all)
  end
  table.insert(waiting, self)
end

-- The gradient of parameter i is complete.
local function arrive(self, i)
  if not self.sync then return end
  local id = core._after_backward()
  if self.walk ~= id then begin(self, id) end
  table.insert(self.arrived, i)
  if self.order and self.overlap and not self.broken then
    self.bucket_of[i].missing = self.bucket_of[i].missing - 1
    launch_complete(self)
  end
  job.lib.poll()
end

-- ---- the object ---------------------------------------------------------------------------------

-- Raises unless a list has each number from 1 to its length.
local function check_order(order)
  local seen = {}
  for k, i in ipairs(order) do
    check.whole(WHAT, ("order[%d]"):format(k), i, 1, #order)
    if seen[i] then check.fail(WHAT, "order[%d] is %d, as order[%d] is", k, i, seen[i]) end
    seen[i] = k
  end
end

-- A line for each tensor and option that all ranks must have in common.
local function description(model, o)
  local lines = {}
  for _, name in ipairs {"bucket", "overlap", "wire", "batch_norm", "global_batch"} do
    lines[#lines + 1] = ("%s = %s"):format(name, tostring(o[name]))
  end
  if o.order then lines[#lines + 1] = "order = " .. table.concat(o.order, " ") end
  for _, kind in ipairs {"parameter", "buffer"} do
    local list = kind == "parameter" and model:named_parameters() or model:named_buffers()
    for _, pair in ipairs(list) do
      lines[#lines + 1] = ("%s %s: %s%s"):format(kind, pair[1], text.kind(pair[2]),
        pair[2].requires_grad and ", trained" or "")
    end
  end
  return lines
end

local function take_from_rank_0(list)
  core.no_grad(function()
    for _, tensor in ipairs(list) do tensor:copy_(collectives.broadcast(tensor)) end
  end)
end

-- The options with their defaults.
local function read_options(given)
  local o = options.read(WHAT, given,
    {bucket = 25, overlap = true, batch_norm = false, global_batch = true},
    {bucket = "positive", overlap = "boolean", batch_norm = "boolean", global_batch = "boolean",
     wire = {"bfloat16"}, order = "list"})
  if o.order then check_order(o.order) end
  return o
end

local function new(model, given)
  local o = read_options(given)
  if type(model) ~= "table" and type(model) ~= "userdata" or not model.named_parameters then
    check.fail(WHAT, "model is %s, expected a module", text.kind(model))
  end
  local self = setmetatable({model = model, bucket = o.bucket, overlap = o.overlap, wire = o.wire,
    global_batch = o.global_batch, parameters = model:parameters(true), handles = {}, sync = true,
    step = 0, several = job.several()}, DataParallel)
  if not self.several then return self end
  job.agree(WHAT, description(model, o))
  made = made + 1
  self.number, self.channel = made, job.lib.open_channel(job.timeout, WHAT)
  take_from_rank_0(model:parameters())
  take_from_rank_0(model:buffers())
  if o.order and #o.order == #self.parameters then make_buckets(self, o.order) end
  for i, p in ipairs(self.parameters) do
    self.handles[i] = p:register_post_accumulate_grad_hook(function() arrive(self, i) end)
  end
  if o.batch_norm then self.norms = batch_norm.over_ranks(model) end
  return self
end

--- Calls the model.
function DataParallel:__call(...) return self.model(...) end

--- model:loss(...), with ranking and contrastive losses over the batches of all ranks.
function DataParallel:loss(...)
  local old = contrast.over
  contrast.over = self.several and self.global_batch and pairs_of_all or nil
  local results = table.pack(pcall(self.model.loss, self.model, ...))
  contrast.over = old
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- Calls fn(...); backward in it adds gradients up on each rank without sending them.
function DataParallel:no_sync(fn, ...)
  local old = self.sync
  self.sync = false
  local results = table.pack(pcall(fn, ...))
  self.sync = old
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- Gives all ranks the same buffers: floating-point ones, such as running statistics, become the
-- mean over the ranks, others those of rank 0.
function DataParallel:sync_buffers()
  if not self.several then return end
  core.no_grad(function()
    for _, buffer in ipairs(self.model:buffers()) do
      local same = buffer.dtype:find "^float" and collectives.all_reduce(buffer, "mean")
        or collectives.broadcast(buffer)
      buffer:copy_(same)
    end
  end)
end

--- Takes the hooks away: the model is as it was.
function DataParallel:remove()
  for _, handle in ipairs(self.handles) do handle:remove() end
  if self.norms then batch_norm.as_before(self.norms) end
  if self.channel and not self.under_way then
    job.lib.close_channel(self.channel)
    self.channel = nil
  end
  self.handles, self.norms = {}, nil
end

return setmetatable(DataParallel, {__call = function(_, ...) return new(...) end,
  __index = {options = read_options}})
