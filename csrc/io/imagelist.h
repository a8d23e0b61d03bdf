/* Many picture files as one tensor, decoded by several threads. */
#ifndef VS_IMAGELIST_H
#define VS_IMAGELIST_H

#include "io/image.h"
#include "io/strings.h"

enum { VS_IMAGELIST_WORKERS = 64 };

/* uint8 [N,channels,height,width], each picture resized with the bilinear filter unless it has that
 * size; workers: how many threads decode, from 1.  NULL with the error of the first path that
 * failed. */
vs_tensor *vs_imagelist_load(const vs_strings *paths, int64_t height, int64_t width,
                             const vs_imageopt *o, int workers);

#endif
