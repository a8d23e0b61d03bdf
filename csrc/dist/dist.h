/* What the files of dist.so share. */
#ifndef VD_DIST_H
#define VD_DIST_H

#include <mpi.h>

#include "bind/api.h"

/* MPI's start (MPI_Init_thread).  Ends the process, and so the job, where it lasts longer than
 * `limit` seconds.  rank: its number, for the message. */
int vd_start(const char *rank, double limit, int *provided);

/* Once, after MPI's start. */
void vd_make_types(const vs_api *api);

/* MPI's types and operations for the dtypes of tensors.  op: 0 sum, 1 min, 2 max. */
MPI_Datatype vd_type_of(vs_dtype dtype);
MPI_Op vd_op_of(vs_dtype dtype, int op);

#endif
