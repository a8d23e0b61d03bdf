-- Texts of the reference: one script on many processes.
return {
  {"dist", "One script on many processes and machines, by MPI: `mpirun -n 4 lua5.4 train.lua`. "
      .. "Each process, a rank, runs the whole script. All ranks make the same calls of these "
      .. "functions, in the same order. Without a launcher there is one rank, and no MPI is "
      .. "loaded.",
    {"dist.init", "{timeout:num=1800, thread:bool=true}", nil,
      "Joins the job; the other functions do it with the defaults. timeout: the seconds that a "
        .. "rank waits for the others before an error. thread: MPI works in a thread beside "
        .. "backward, where MPI allows that."},
    {"dist.rank", "", "integer", "This process among the others, from 0."},
    {"dist.size", "", "integer", "The number of ranks."},
    {"dist.barrier", "", nil, "Returns once all ranks have called it."},
    {"dist.broadcast", "x:any, root:int=0", "Tensor", "x of the rank root, on all ranks."},
    {"dist.all_reduce", "x:any, op:sum|mean|min|max=sum", "Tensor",
      "x of all ranks as one, on all of them. sum and mean have gradients."},
    {"dist.all_gather", "x:any", "Tensor",
      "The rows of x [n,...] of all ranks, in the order of ranks; n may differ. With gradient: "
        .. "that of a row is summed over the ranks."},
    {"dist.reduce_scatter", "x:any, op:sum|mean|min|max=sum", "Tensor",
      "This rank's part of x [N,...] of all ranks as one: N / size rows. sum and mean have "
        .. "gradients."},
    {"dist.share", "list:list", "list",
      "This rank's part of a list: dist.all_gather(model:encode_texts(dist.share(texts))) is "
        .. "model:encode_texts(texts), computed by all ranks."},
    {"dist.agree", "what:string, lines:list", nil,
      "Raises unless all ranks give the same list of lines; the message begins with what and has "
        .. "the first line that differs, with the ranks."},
    {"dist.scores", "v:tensor, t:tensor", "table",
      "Scores v t' of this rank's images and texts [B,D] with those of all ranks, for "
        .. "nn.InfoNCE, nn.SigmoidLoss, nn.UniCL and nn.HingeRanking: the mean of their losses "
        .. "over the ranks is the loss of the joined batch."},
    {"dist.same", "batch:table", "Tensor|nil",
      "bool [B,N]: pairs of dist.scores that are not negatives, by the fields image_index, item "
        .. "and tokens of the batch."},
    {"dist.DataParallel", "model:value, {bucket:num=25, overlap:bool=true, batch_norm:bool=false, "
        .. "global_batch:bool=true, wire:string?, order:list?}", "DataParallel",
      "Takes parameters and buffers from rank 0; from now on backward averages the gradients over "
        .. "the ranks before it returns. bucket: megabytes that are sent at a time. overlap: they "
        .. "are sent while backward runs. batch_norm: statistics of all ranks. global_batch: "
        .. "losses of pairs in DataParallel:loss compare the batches of all ranks. wire = "
        .. "\"bfloat16\": gradients are sent in half the bytes. order: the field order of an "
        .. "earlier run, for equal bits."},
    {"DataParallel:loss", "args:value...", "value",
      "model:loss(...), with losses of pairs over the batches of all ranks."},
    {"DataParallel:no_sync", "fn:function, args:value...", "value",
      "fn(...); backward in it adds up the gradients of this rank and sends nothing."},
    {"DataParallel:sync_buffers", "", nil,
      "Makes buffers equal: floating-point ones, such as running statistics, become their mean, "
        .. "others those of rank 0."},
    {"DataParallel:remove", "", nil, "Takes the hooks away."},
  },
}
