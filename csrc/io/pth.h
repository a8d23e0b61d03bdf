/* PyTorch's own files (.pth, .pt, .bin), as torch.save writes state dictionaries, in both formats:
 * a zip archive (since 1.6), and several pickles followed by the storages (before).
 *
 * Nothing in the file is run: io/pickle.h says what is supported.  The file is mapped privately;
 * tensors are views of their storages, shared and strided as they were saved, and of the mapping
 * where the storage is aligned.  int8 and int16 become int64, as in every reader.
 * A name is the path through nested dictionaries and lists, joined by dots, the first of a list
 * being "0"; values are never shifted or converted.  Two things of one name are an error. */
#ifndef VS_PTH_H
#define VS_PTH_H

#include "io/pickle.h"
#include "io/safetensors.h"

enum {
  VS_PTH_MAX_NAME = 255,       /* bytes of a joined name */
  VS_PTH_MAX_DEPTH = 32,       /* of nesting */
  VS_PTH_MAX_ENTRIES = 1 << 20 /* that are walked through */
};

typedef struct vs_pthvalue {
  char *name, *text;
  vs_pkkind kind; /* BOOL, INT, FLOAT or TEXT */
  int64_t i;      /* or bytes of text */
  double f;
} vs_pthvalue;

typedef struct vs_pthfile {
  int64_t n, nvalue, tensor_room, value_room;
  vs_named *tensor;
  vs_pthvalue *value; /* numbers, booleans and texts beside the tensors */
} vs_pthfile;

/* key: NULL, or the only entry of the outermost dictionary that is wanted; names then start below
 * it, and what stands beside it may be of any kind.  prefix: NULL, or what is cut off names that
 * begin with it.  NULL on failure; free with vs_pth_free. */
vs_pthfile *vs_pth_load(const char *path, const char *key, const char *prefix);
void vs_pth_free(vs_pthfile *f); /* NULL is fine */

#endif
