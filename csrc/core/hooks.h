/* The three calls upward: core frees a tensor's graph node through a function that autograd sets,
 * casts through those that kernel sets, and autograd has garbage collected by one that bind
 * sets. */
#ifndef VS_HOOKS_H
#define VS_HOOKS_H

#include "core/tensor.h"

extern void (*vs_node_unref_hook)(vs_node *);

/* n contiguous numbers of one dtype as another; NULL: vs_copy's own loop. */
typedef void (*vs_castfn)(int64_t n, void *to, const void *from);
extern vs_castfn (*vs_cast_hook)(vs_dtype to, vs_dtype from);

/* Frees what nobody uses any more; false where there is nobody to ask.  Called from backward when
 * memory ran out, between two steps of it.  NULL without Lua. */
extern bool (*vs_collect_hook)(void);

#endif
