/* A tensor as text for people: nested rows, aligned columns, long ones shortened, dtype and shape
 * last. */
#ifndef VS_FORMAT_H
#define VS_FORMAT_H

#include "core/tensor.h"

/* malloc'ed; NULL when memory ran out. */
char *vs_format(const vs_tensor *t);

#endif
