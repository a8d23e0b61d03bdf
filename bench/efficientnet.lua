-- EfficientNet-Lite0 with packaged weights against what PyTorch made of the same pictures:
-- efficientnet_torch.py, which says how both are run.
local vs = require "vesper"

local peer = assert(vs.load(arg[1]))
local net = assert(vs.models.EfficientNetLite0.from_pretrained(arg[2])):eval()
vs.set_num_threads(2)

local function compare(name, got)
  local off, most = (got - peer[name]):abs():max():item(), peer[name]:abs():max():item()
  print(("%-7s off by at most %.2g; the largest is %.3g"):format(name, off, most))
end

vs.no_grad(function()
  local v, regions = net(peer.x)
  compare("logits", net:logits(peer.x))
  compare("v", v)
  compare("U", regions)
  local begin = os.clock()
  for _ = 1, 3 do net:logits(peer.x) end
  print(("vesper: %.3f s of processor time"):format((os.clock() - begin) / 3))
end)
