-- vs.models: the image-text models, their encoders, BERT and CNNs, loaded on first use.
local guard = require "vesper.util.guard"

local files = {
  Baseline = "baseline", VSE = "vse", CIM = "cim", COOT = "coot",
  BERTFusion = "bert_fusion", DPM = "dpm", TextOnly = "text_only",
  AttentionPooling = "attention_pooling", DenseProjection = "dense_projection",
  IntraAttention = "intra_attention", InterAttention = "inter_attention",
  SmallCNN = "encoders", RegionEncoder = "encoders", JoinedEncoder = "encoders",
  LandmarkEncoder = "encoders",
  TextEncoder = "encoders",
  ResNet = "resnet", ResNet18 = "resnet", ResNet34 = "resnet", ResNet50 = "resnet",
  EfficientNetLite0 = "efficientnet",
  BERT = "bert",
}

-- Functions on models of every class.
for name, file in pairs {["save"] = "folder", ["load"] = "folder", ["describe"] = "about"} do
  files[name] = file
end

return setmetatable({}, {
  __index = function(models, name)
    if not files[name] then return nil end
    local file = require("vesper.models." .. files[name])
    models[name] = guard.value("models." .. name, file[name] or file)
    return models[name]
  end,
})
