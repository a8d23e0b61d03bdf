-- Samples that show an image for the first time: data sets give an image once for each caption.
local core = require "vesper.core"

--- A function of batches in order.  It returns the image of each sample, a list of numbers from 1
-- in the order of their first appearance, and the samples whose image is new, int64 [n] from 1.
-- Without image_index in the batch each sample has an image of its own.
return function()
  local number, count = {}, 0
  return function(batch, size)
    local images, fresh = {}, {}
    local index = batch.image_index and batch.image_index:tolist()
    for i = 1, size do
      local id = index and index[i]
      if id == nil or not number[id] then
        count = count + 1
        if id then number[id] = count end
        fresh[#fresh + 1] = i
      end
      images[i] = id and number[id] or count
    end
    return images, core.tensor(fresh, {dtype = "int64"})
  end
end
