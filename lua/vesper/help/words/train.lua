-- Texts of the reference: training, logs and checkpoints.
return {
  {"train", "Training and evaluation of models that have `loss`.",
    {"train.fit", "model:Module, {train:Loader, val:Loader, optimizer:Optimizer, epochs:int, "
        .. "clip:value=2, schedule:value?, schedule_per:epoch|batch=epoch, ema:EMA?, "
        .. "accumulate:int=1, autocast:bool=false, score:function?, patience:int?, "
        .. "label:string?, weights:string?, checkpoint:string?, resume:bool=false, log:string?, "
        .. "tensorboard:string?, folds:int=1, dist:value?, quiet:bool=false}",
      "list, integer", "Trains the model and leaves it with the weights of the best epoch on "
        .. "validation. clip: the maximal norm of the gradients, or false. schedule: one of "
        .. "optim.lr_scheduler, stepped after each epoch or, with "
        .. "schedule_per = \"batch\", after each optimizer step (ReduceLROnPlateau gets the "
        .. "score), or a function epoch -> rate. ema: averages, which are validated and kept as "
        .. "the best weights. accumulate: one optimizer step for the mean loss of this number of "
        .. "batches. autocast: losses are computed under vs.autocast. patience: early stopping "
        .. "after this number of epochs without a better score. weights: a safetensors file for "
        .. "the best weights. checkpoint: a folder written after each epoch; resume continues "
        .. "from it. "
        .. "log: a .csv or .jsonl file. tensorboard: a folder of event files. folds: see "
        .. "train.evaluate. dist: true, or options of dist.DataParallel: trains on all ranks of "
        .. "vs.dist, each with its part of ranks * batch_size samples; rank 0 shows progress and "
        .. "writes. Returns one {epoch, "
        .. "loss, lr, seconds, score, val} per epoch, and the best epoch."},
    {"train.evaluate", "model:Module, loader:Loader|function, {folds:int=1, "
        .. "mirror:bool=false, shift:int=0, bank:table?, beta:num?, retrieval:bool=true, "
        .. "shuffle:string?, dist:bool=false}", "table",
      "{n, images, v [N,D], t [M,D], image_of int64 [M], retrieval, folds, accuracy, "
        .. "image_accuracy, image_right bool [N], predicted int64 [n], label int64 [n]}, computed "
        .. "without gradients; "
        .. "figures in percent. An image with several captions is one row of v; image_of is "
        .. "absent where caption i is of image i, accuracy where there are no labels or the model "
        .. "has no classes. folds = 5: retrieval also as the mean over five parts of the images "
        .. "(COCO 1K), in the field folds. mirror, shift: v of an image is "
        .. "summed over the image, its mirror image and copies shifted by this number of pixels "
        .. "in each direction. bank and beta: see metrics.retrieval. "
        .. "shuffle = \"image\" or \"text\": each sample gets that of another image, so that the "
        .. "accuracy shows what the other half alone is worth; retrieval is not measured. dist: "
        .. "each rank evaluates a part of the samples; all get the whole result."},
    {"train.score", "result:table", "number",
      "Accuracy; for models with text, accuracy plus mean recall; without labels, rsum."},
    {"train.write_log", "path:string, history:list", "true?",
      "Writes a history of fit as .csv or .jsonl, one line per epoch; nested fields get names "
        .. "like val.accuracy."},
  },
  {"tensorboard", "Event files for TensorBoard, with the names of PyTorch's SummaryWriter: "
      .. "scalars and images. A write that fails returns nil and a message.",
    {"tensorboard.SummaryWriter", "folder:string, {purge_step:int?, flush_secs:num=120}",
      "SummaryWriter?", "Writes a new event file in the folder, which is created if necessary. "
        .. "purge_step: TensorBoard discards the data of earlier files of the folder from that "
        .. "step on, for a run that resumes from a checkpoint. May be a <close> variable."},
    {"SummaryWriter:add_scalar", "tag:string, value:value, step:int", "true?",
      "Adds a number, or a tensor of one element, to the curve tag. Tags like \"train/loss\" are "
        .. "shown in groups."},
    {"SummaryWriter:add_image", "tag:string, picture:any, step:int", "true?",
      "Adds an image uint8 [C,H,W] with C = 1, 3 or 4, or [H,W]."},
    {"SummaryWriter:flush", "", "true?",
      "Writes the added data to the file; done every flush_secs seconds and by close."},
    {"SummaryWriter:close", "", "true?", "Closes the file."},
  },
  {"checkpoint", "The whole state of a training run in one folder. A resumed run gives the same "
      .. "numbers as one that never stopped; the folder is complete at every moment.",
    {"checkpoint.save", "folder:string, parts:table", "true?",
      "Writes parts = {model, optimizer, loader, schedule, ema, epoch, best, extra}, all optional, "
        .. "and the random state; replaces the old checkpoint as a whole. loader may be a table of "
        .. "loaders by name; best and extra may contain numbers, strings, booleans, tables and "
        .. "tensors."},
    {"checkpoint.load", "folder:string, parts:table?", "table?",
      "Restores parts = {model, optimizer, loader, schedule, ema} and the random state; returns "
        .. "{epoch, next_epoch, best, extra}. If anything is missing, corrupt or does not fit, "
        .. "changes nothing and returns nil and a message that lists all of it."},
    {"checkpoint.exists", "folder:string", "boolean",
      "Whether the folder is a checkpoint, intact or corrupt."},
  },
}
