/* The caching allocator.  See mem.h.
 *
 * Four size classes a doubling.  Each block carries a 64-byte header with its class, its link in
 * the class's list (last in, first out: its pages are warm) and room for the owner.  Large blocks
 * are mapped one by one, in huge pages where the kernel has them.
 *
 * Invariant: live + cached is at most 1.5 times the most that was ever live at once, plus 1 MB
 * (without it small loops would return and request the same blocks over and over).  A request that
 * no cached block fits first gives the system back blocks of the classes that were unused longest,
 * so that steps of varying shape do not keep a set of blocks for each shape. */
#include "core/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"

enum { HEADER = 64, NCLASS = 4 * 40, MAPPED = 1 << 18, WIDER = 6, SLACK = 1 << 20 };

typedef struct block {
  int class;
  struct block *next;
  char room[VS_MEM_ROOM];
} block;
_Static_assert(sizeof(block) == HEADER, "data is aligned to 64 bytes");

#ifdef __SANITIZE_ADDRESS__ /* blocks are malloc's, as long as was asked, and go straight back, */
enum { KEEPS = 0 };         /* so that what is read behind them or after their end is seen */
#else
enum { KEEPS = 1 };
#endif
/* In the builds that only specs use, memory that nobody has written is NaN. */
#if defined(__SANITIZE_ADDRESS__) || defined(VS_DOUBLE)
enum { FILLS = 1 };
#else
enum { FILLS = 0 };
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* A forked child gets it free, whatever other threads of the parent do. */
static void before_fork(void) { pthread_mutex_lock(&lock); }
static void after_fork(void) { pthread_mutex_unlock(&lock); }
__attribute__((constructor)) static void connect(void) {
  pthread_atfork(before_fork, after_fork, after_fork);
}
static block *cache[NCLASS];
static uint64_t last_use[NCLASS]; /* stats.allocations when a block of the class was handed out */
static size_t high;               /* most that was live at once since the cache was emptied */
static vs_memstats stats;
static size_t since;
static _Thread_local uint64_t handed_out, most_handed_out = UINT64_MAX;
static int64_t fail_in, fail_times, refused;

/* Class of a request; *size becomes the bytes of that class. */
static int class_of(size_t bytes, size_t *size) {
  if (bytes <= 64) {
    *size = 64;
    return 0;
  }
  int e = 63 - __builtin_clzll((unsigned long long)(bytes - 1)); /* 2^e < bytes <= 2^(e+1) */
  size_t quarters = ((bytes - 1) >> (e - 2)) + 1;                /* of 2^e: 5..8 */
  *size = quarters << (e - 2);
  return (e - 6) * 4 + (int)quarters - 4; /* 1.. */
}

static size_t size_of(int class) {
  unsigned k = (unsigned)class + 3;
  return (size_t)(5 + k % 4) << (k / 4 + 3);
}

static block *from_system(size_t size) {
  void *exact;
  if (!KEEPS) return posix_memalign(&exact, 64, size + HEADER) == 0 ? exact : NULL;
  if (size < MAPPED) return aligned_alloc(64, (size + HEADER + 63) & ~(size_t)63);
  void *p = mmap(NULL, size + HEADER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return NULL;
  madvise(p, size + HEADER, MADV_HUGEPAGE);
  return p;
}

static void to_system(block *b) {
  size_t size = size_of(b->class);
  if (!KEEPS || size < MAPPED)
    free(b);
  else
    munmap(b, size + HEADER);
}

static void release_one_locked(int class) {
  block *b = cache[class];
  cache[class] = b->next;
  stats.cached -= size_of(class);
  to_system(b);
}

static void empty_cache_locked(void) {
  for (int i = 0; i < NCLASS; i++)
    while (cache[i] != NULL) release_one_locked(i);
}

/* Before `size` more bytes are requested: returns to the system what exceeds the bound. */
static void trim_locked(size_t size) {
  size_t bound = VS_MAX(high, stats.live + size);
  bound += bound / 2 + SLACK;
  while (stats.cached > 0 && stats.live + stats.cached + size > bound) {
    int oldest = -1;
    for (int i = 0; i < NCLASS; i++)
      if (cache[i] != NULL && (oldest < 0 || last_use[i] < last_use[oldest])) oldest = i;
    release_one_locked(oldest);
  }
}

size_t vs_mem_physical(void) {
  static size_t bytes;
  size_t known = __atomic_load_n(&bytes, __ATOMIC_RELAXED);
  if (known != 0) return known;
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  known = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : (size_t)2 << 30;
  __atomic_store_n(&bytes, known, __ATOMIC_RELAXED);
  return known;
}

static void init_locked(void) {
  if (stats.limit == 0) stats.limit = vs_mem_physical() / 2;
}

/* Within the lock; injected_failure reads it without. */
static void set_fail_in(int64_t n) { __atomic_store_n(&fail_in, n, __ATOMIC_RELAXED); }

static bool injected_failure_locked(void) {
  if (fail_in == 0) return false;
  int64_t left = fail_in - 1;
  bool refuse = left == 0;
  if (refuse && --fail_times > 0) left = 1; /* the next one too */
  set_fail_in(left);
  refused += refuse;
  return refuse;
}

/* A cached block of the class, or one nearly three times as wide at most. */
static block *from_cache_locked(int class) {
  for (int i = class; i <= class + WIDER && i < NCLASS; i++) {
    block *b = cache[i];
    if (b == NULL) continue;
    cache[i] = b->next;
    stats.cached -= size_of(i);
    return b;
  }
  return NULL;
}

static block *fresh_locked(int class, size_t size) {
  trim_locked(size);
  block *b = from_system(size);
  if (b == NULL) {
    empty_cache_locked();
    b = from_system(size);
  }
  if (b == NULL) return NULL;
  b->class = class;
  stats.system_requests++;
  stats.system_bytes += size;
  return b;
}

void *vs_mem_alloc(size_t bytes) {
  size_t size;
  if (bytes > (size_t)1 << 44) {
    vs_fail_memory(bytes);
    return NULL;
  }
  int class = class_of(bytes, &size);
  if (size > most_handed_out - VS_MIN(handed_out, most_handed_out)) {
    vs_fail_memory(bytes);
    return NULL;
  }
  pthread_mutex_lock(&lock);
  init_locked();
  block *b = NULL;
  if (!injected_failure_locked() && (b = from_cache_locked(class)) == NULL)
    b = fresh_locked(class, KEEPS ? size : bytes);
  if (b != NULL) {
    stats.live += size_of(b->class);
    stats.blocks++;
    high = VS_MAX(high, stats.live);
    stats.peak = VS_MAX(stats.peak, stats.live);
    stats.recent_peak = VS_MAX(stats.recent_peak, stats.live);
    last_use[b->class] = ++stats.allocations;
    __atomic_fetch_add(&since, size, __ATOMIC_RELAXED);
  }
  pthread_mutex_unlock(&lock);
  if (b == NULL) {
    vs_fail_memory(bytes);
    return NULL;
  }
  handed_out += size;
  if (FILLS) memset((char *)b + HEADER, 0xff, bytes);
  return (char *)b + HEADER;
}

void vs_mem_free(void *data) {
  if (data == NULL) return;
  block *b = (block *)(void *)((char *)data - HEADER);
  size_t size = size_of(b->class);
  pthread_mutex_lock(&lock);
  stats.live -= size;
  stats.blocks--;
  bool keep = KEEPS && stats.cached + size <= stats.limit;
  if (keep) {
    b->next = cache[b->class];
    cache[b->class] = b;
    stats.cached += size;
  }
  pthread_mutex_unlock(&lock);
  if (!keep) to_system(b);
}

void *vs_mem_room(void *data) { return (char *)data - VS_MEM_ROOM; }

static bool injected_failure(void) {
  if (__atomic_load_n(&fail_in, __ATOMIC_RELAXED) == 0) return false;
  pthread_mutex_lock(&lock);
  bool refuse = injected_failure_locked();
  pthread_mutex_unlock(&lock);
  return refuse;
}

void *vs_new(size_t bytes) {
  void *p = injected_failure() ? NULL : malloc(bytes == 0 ? 1 : bytes);
  if (p == NULL) vs_fail_memory(bytes);
  return p;
}

void *vs_new0(size_t bytes) {
  void *p = vs_new(bytes);
  if (p != NULL) memset(p, 0, bytes == 0 ? 1 : bytes);
  return p;
}

vs_memstats vs_mem_stats(void) {
  pthread_mutex_lock(&lock);
  init_locked();
  vs_memstats s = stats;
  pthread_mutex_unlock(&lock);
  return s;
}

void vs_mem_mark(void) {
  pthread_mutex_lock(&lock);
  stats.recent_peak = stats.live;
  pthread_mutex_unlock(&lock);
}

uint64_t vs_mem_handed_out(void) { return handed_out; }

void vs_mem_set_allowance(uint64_t bytes) {
  most_handed_out = bytes > UINT64_MAX - handed_out ? UINT64_MAX : handed_out + bytes;
}

void vs_mem_empty_cache(void) {
  pthread_mutex_lock(&lock);
  empty_cache_locked();
  high = stats.live;
  pthread_mutex_unlock(&lock);
}

void vs_mem_set_cache_limit(size_t bytes) {
  pthread_mutex_lock(&lock);
  stats.limit = VS_MAX(bytes, 1);
  if (stats.cached > stats.limit) empty_cache_locked();
  pthread_mutex_unlock(&lock);
}

size_t vs_mem_since_collection(void) { return __atomic_load_n(&since, __ATOMIC_RELAXED); }

void vs_mem_collected(void) { __atomic_store_n(&since, 0, __ATOMIC_RELAXED); }

void vs_mem_forked(void) { fail_in = 0; }

int64_t vs_mem_fail_at(int64_t nth, int64_t times) {
  pthread_mutex_lock(&lock);
  int64_t before = refused;
  set_fail_in(nth);
  fail_times = times;
  refused = 0;
  pthread_mutex_unlock(&lock);
  return before;
}
