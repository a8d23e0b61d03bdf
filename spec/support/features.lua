-- A small folder of region features in the layout of VSE++ and SCAN, whose captions say what the
-- features show: image k is of one of eight kinds and one of eight colours, each a direction of the
-- features and a word.
local vs = require "vesper"
local temp = require "spec.support.temp"

local KINDS = {"dog", "cat", "boat", "tree", "car", "kite", "horse", "bridge"}
local COLOURS = {"red", "green", "blue", "white", "black", "brown", "yellow", "grey"}
local FRAMES = {"a %s %s", "the %s %s outside", "one %s %s", "this is a %s %s", "photo of a %s %s"}

--- A new folder with train, dev and test of so many images each, R regions of D numbers.
return function(sizes, R, D)
  local folder = temp.folder()
  vs.manual_seed(1)
  local kinds, colours = vs.randn(#KINDS, D), vs.randn(#COLOURS, D)
  for split, n in pairs(sizes) do
    local features, captions = vs.randn(n, R, D) * 0.3, {}
    for i = 1, n do
      local kind, colour = (i - 1) % #KINDS + 1, (i - 1) // #KINDS % #COLOURS + 1
      features[i][1]:add_(kinds[kind])
      features[i][2]:add_(colours[colour])
      for k, frame in ipairs(FRAMES) do
        captions[5 * (i - 1) + k] = frame:format(COLOURS[colour], KINDS[kind])
      end
    end
    assert(vs.npy.save(("%s/%s_ims.npy"):format(folder, split), features))
    temp.write(("%s/%s_caps.txt"):format(folder, split), table.concat(captions, "\n") .. "\n")
  end
  return folder
end
