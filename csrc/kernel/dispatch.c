/* Chooses the instruction set once, when the library is loaded.  See kernel.h. */
#include "kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "kernel/cast.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static const char *const names[] = {"generic", "avx2", "avx512", "amx"};
static const char *unknown; /* what VESPER_ISA is, where that is no level */
static int level;

#if !defined(VS_DOUBLE) && defined(__x86_64__)
/* Whether the processor has AMX's tiles and bfloat16 for them, and the system lets this process
 * have the tiles' registers: it has to be asked. */
static bool may_use_tiles(void) {
  enum { TILES = 1 << 24, TILE_BF16 = 1 << 22, REQUEST = 0x1023, TILE_DATA = 18 };
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & TILES) == 0 || (d & TILE_BF16) == 0)
    return false;
  return __builtin_cpu_supports("avx512bf16") && syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#endif

static int best(void) {
#if defined(VS_DOUBLE) || !defined(__x86_64__)
  return VS_ISA_GENERIC;
#else
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return may_use_tiles() ? VS_ISA_AMX : VS_ISA_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VS_ISA_AVX2;
  return VS_ISA_GENERIC;
#endif
}

static vs_castfn cast_for(vs_dtype to, vs_dtype from) { return vs_k_cast()->cast[to][from]; }

__attribute__((constructor)) static void choose(void) {
  level = best();
  vs_cast_hook = cast_for;
  const char *want = getenv("VESPER_ISA");
  if (want == NULL || want[0] == '\0') return;
  for (int i = 0; i < VS_COUNT(names); i++)
    if (strcmp(want, names[i]) == 0) {
      level = VS_MIN(i, level);
      return;
    }
  unknown = want;
}

int vs_isa_check(void) {
  if (unknown == NULL) return 0;
  return vs_fail("VESPER_ISA is \"%s\", expected generic, avx2, avx512 or amx", unknown);
}

int vs_isa(void) { return level; }

bool vs_has_bf16(void) {
#if defined(VS_DOUBLE) || !defined(__x86_64__)
  return false;
#else
  return level >= VS_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#endif
}

bool vs_has_amx(void) { return level == VS_ISA_AMX; }

const char *vs_isa_name(void) { return names[level]; }
