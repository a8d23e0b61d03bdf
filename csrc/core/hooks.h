/* The one call upward: core frees a tensor's graph node through a function that autograd sets. */
#ifndef VS_HOOKS_H
#define VS_HOOKS_H

#include "core/tensor.h"

extern void (*vs_node_unref_hook)(vs_node *);

#endif
