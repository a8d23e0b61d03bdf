/* Memory of tensors: 64-byte aligned blocks in size classes, with a cache of freed blocks.
 *
 * Invariant: live + cached bytes is what vesper holds of the system, at most 1.5 times (and 1 MB)
 * what was ever live at once.  A block is handed out again for any request of its class or up to
 * nearly three times smaller, so that steps of varying length settle on one set of blocks.
 * Thread-safe.  Nothing here calls Lua or knows of tensors.  C structures that come and go with
 * every op are blocks too; others use plain malloc by vs_new. */
#ifndef VS_MEM_H
#define VS_MEM_H

#include "core/base.h"

/* A block of at least that many bytes (uninitialised), or NULL with vs_fail_memory set.
 * bytes = 0 gives a valid block. */
void *vs_mem_alloc(size_t bytes);
/* Gives the block back to the cache; NULL is fine. */
void vs_mem_free(void *block);
/* Bytes right in front of a block that its owner may use. */
enum { VS_MEM_ROOM = 48 };
void *vs_mem_room(void *block);
/* malloc and calloc that set vs_fail_memory; freed with free(). */
void *vs_new(size_t bytes);
void *vs_new0(size_t bytes);

typedef struct vs_memstats {
  size_t live, cached, peak; /* bytes in blocks */
  size_t recent_peak;        /* the peak since vs_mem_mark */
  size_t blocks;             /* live ones; a block may be larger than the request */
  size_t limit;              /* of cached bytes */
  uint64_t system_requests;  /* blocks requested from the system since the start */
  uint64_t system_bytes;     /* in them */
  uint64_t allocations;      /* blocks handed out since the start */
} vs_memstats;
vs_memstats vs_mem_stats(void);
/* recent_peak counts from here. */
void vs_mem_mark(void);
/* Bytes of the blocks that this thread was given since it began. */
uint64_t vs_mem_handed_out(void);
/* From now on this thread is given at most that many bytes in blocks, freed or not; more are
 * refused as if memory ran out.  UINT64_MAX: no bound. */
void vs_mem_set_allowance(uint64_t bytes);
/* Returns every cached block to the system. */
void vs_mem_empty_cache(void);
/* At most that many bytes stay cached (default: half of the machine's memory). */
void vs_mem_set_cache_limit(size_t bytes);
/* Bytes of this machine's memory. */
size_t vs_mem_physical(void);
/* Bytes handed out since the last call of vs_mem_collected: bind uses it to decide when to
 * collect. */
size_t vs_mem_since_collection(void);
void vs_mem_collected(void);
/* Test aid: the nth allocation from now (1 = the next) and those after it fail, `times` in all; 0
 * turns it off.  How many were refused since it was called last. */
int64_t vs_mem_fail_at(int64_t nth, int64_t times);
/* Turns vs_mem_fail_at off in a child process that was just forked. */
void vs_mem_forked(void);

#endif
