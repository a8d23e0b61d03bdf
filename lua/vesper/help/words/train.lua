-- Words of the reference: training, its log and its checkpoints.
return {
  {"train", "Loops over loaders for models that have `loss`.",
    {"train.fit", "model:Module, {train:Loader, val:Loader, optimizer:Optimizer, epochs:int, "
        .. "clip:num=2, schedule:value?, schedule_per:epoch|batch=epoch, ema:EMA?, "
        .. "accumulate:int=1, autocast:bool=false, score:function?, patience:int?, "
        .. "label:string?, weights:string?, checkpoint:string?, resume:bool=false, log:string?, "
        .. "tensorboard:string?, quiet:bool=false}",
      "list, integer", "Trains and leaves the model with the weights that were best on "
        .. "validation. schedule is one of optim.lr_scheduler, stepped after each epoch or, with "
        .. "batch, after each step of the optimizer (ReduceLROnPlateau is given the score), or a "
        .. "function of the epoch that gives the rate. ema: averages, which are validated and "
        .. "kept as the best. accumulate: a step for the mean loss of so many batches. "
        .. "autocast: losses are computed under vs.autocast. patience "
        .. "stops after so many epochs without anything better. weights is a safetensors file for "
        .. "the best, checkpoint a folder written after each epoch, from which resume goes on; log "
        .. "a .csv or .jsonl file, tensorboard a folder of event files. Returns {epoch, loss, lr, "
        .. "seconds, score, val} an epoch, and the best epoch."},
    {"train.evaluate", "model:Module, loader:Loader, {mirror:bool=false, shift:int=0, bank:table?, "
        .. "beta:num?, retrieval:bool=true}", "table",
      "{n, accuracy, image_accuracy, retrieval, v [N,D], t [N,D], predicted int64 [N], label int64 "
        .. "[N]} without gradients; percent. mirror, shift: v of an image is summed over views of "
        .. "it, mirrored too, moved by so many pixels each way too; bank and beta as in "
        .. "metrics.retrieval."},
    {"train.score", "result:table", "number",
      "Accuracy, and for models of text the mean recall beside it."},
    {"train.write_log", "path:string, history:list", "true?",
      "A history of fit as .csv or .jsonl, one line an epoch; nested fields get names like "
        .. "val.accuracy."},
  },
  {"tensorboard", "Event files that TensorBoard shows, by the names of PyTorch's SummaryWriter. "
      .. "Scalars and pictures; a file that the disk refuses gives nil and a message.",
    {"tensorboard.SummaryWriter", "folder:string, {purge_step:int?, flush_secs:num=120}",
      "SummaryWriter?", "A writer of a new event file in the folder, which is made if need be. "
        .. "With purge_step TensorBoard forgets what earlier files of the folder have from that "
        .. "step on: for a run that goes on from a checkpoint. May be a <close> variable."},
    {"SummaryWriter:add_scalar", "tag:string, value:value, step:int", "true?",
      "A number, or a tensor of one element, as a point of the curve tag. Tags like "
        .. "\"train/loss\" are shown in groups."},
    {"SummaryWriter:add_image", "tag:string, picture:any, step:int", "true?",
      "A picture uint8 [C,H,W], C being 1, 3 or 4, or [H,W]."},
    {"SummaryWriter:flush", "", "true?",
      "Hands what was added to the system; done every flush_secs seconds and by close."},
    {"SummaryWriter:close", "", "true?", "Ends the file."},
  },
  {"checkpoint", "Everything a training run needs to go on as if it had never stopped, in one "
      .. "folder that is complete at every moment.",
    {"checkpoint.save", "folder:string, parts:table", "true?",
      "Writes parts = {model, optimizer, loader, schedule, ema, epoch, best, extra}, each as you "
        .. "like, and the random state; the old checkpoint is replaced as a whole. loader may be a "
        .. "table of loaders by name; best and extra hold numbers, strings, tables and tensors."},
    {"checkpoint.load", "folder:string, parts:table?", "table?",
      "Restores parts = {model, optimizer, loader, schedule, ema} and the random state; returns "
        .. "{epoch, next_epoch, best, extra}. When something is missing, broken or does not fit, "
        .. "nothing is changed, and the message lists what."},
    {"checkpoint.exists", "folder:string", "boolean",
      "Whether there is a checkpoint, whole or broken."},
  },
}
