-- The files of this folder, in the order of the reference.
return {"tensor", "nn", "optim", "data", "text", "io", "results", "models", "train", "dist"}
