/* .npy: one array in one file, as numpy writes it.
 *
 * Layout: "\x93NUMPY", version (1.0, 2.0, 3.0), the length of the header (2 bytes, from 2.0 on 4),
 * the header, a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, the
 * data.  Read: <f4 <f8 <f2 <i8 <i4 |u1 |b1, and |i1 <i2 <u2 <u4 <u8 as int64, in either order; the
 * data has to fill the rest of the file exactly, which is checked before anything is allocated.
 * Written: version 1.0, C order, data from a multiple of 64 bytes.  Values are never shifted or
 * converted; big-endian files, strings, records and objects are refused. */
#ifndef VS_NPY_H
#define VS_NPY_H

#include "core/tensor.h"

/* The array of a file.  mapped: over the file itself, which costs no copy (Fortran order gives
 * strides); else a dense copy.  NULL on failure. */
vs_tensor *vs_npy_load(const char *path, bool mapped);
/* Any strides; every dtype but bfloat16.  The file is complete or absent.  0 or -1. */
int vs_npy_save(const char *path, vs_tensor *t);

#endif
