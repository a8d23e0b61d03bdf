/* What core.so gives to the other shared objects of vesper, such as dist.so: one struct of
 * functions, a light userdata in the field `_api` of the module's table.
 *
 * Those objects never link core.so.  They are built from the same sources and read the fields of
 * tensors (core/tensor.h).  An object compares `number` and `version`
 * with its own before it reads anything else.  Whoever changes this struct, or one that it leads
 * to, changes VS_API_NUMBER. */
#ifndef VS_API_H
#define VS_API_H

#include <lua.h>

#include "core/tensor.h"

#ifndef VS_API_NUMBER
#define VS_API_NUMBER 1
#endif

typedef struct vs_api {
  int number;
  char version[28]; /* VESPER_VERSION */
  vs_tensor *(*check_tensor)(lua_State *L, int index);
  vs_tensor *(*ref)(vs_tensor *t);
  void (*unref)(vs_tensor *t);
  bool (*is_contiguous)(const vs_tensor *t);
  void *(*data)(const vs_tensor *t);   /* first element */
  size_t (*bytes)(const vs_tensor *t); /* of all elements */
  float (*half_to_float)(uint16_t h);
  uint16_t (*float_to_half)(float f);
  void (*poll_interrupt)(lua_State *L); /* raises where the user has asked to stop */
  /* Raises the message with the place; formats of lua_pushfstring. */
  int (*raise)(lua_State *L, const char *fmt, ...);
} vs_api;

#endif
