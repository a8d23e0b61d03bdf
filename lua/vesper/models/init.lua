-- vs.models: the image-text models, each in a file of its own, loaded when first used.
local files = {
  BERT = "bert",
  Baseline = "baseline", VSE = "vse", SmallCNN = "encoders", TextEncoder = "encoders",
}

return setmetatable({}, {
  __index = function(models, name)
    if not files[name] then return nil end
    local file = require("vesper.models." .. files[name])
    models[name] = file[name] or file
    return models[name]
  end,
})
