/* simd.c — which vector instructions does this machine have?
 *
 * The portable form of a search is its definition. Faster ones, for AVX2 and AVX-512, are compiled beside it by
 * function attributes, so that the library needs no compiler flag and runs on any processor of its kind; which one to
 * take is decided here, for each call. They differ in nothing but speed. */
#include "strict.h"

#include "simd.h"

pm_isa pm_isa_best(void) {
#ifdef PM_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return PM_ISA_AVX512;
    if (__builtin_cpu_supports("avx2"))
        return PM_ISA_AVX2;
#endif
    return PM_ISA_PORTABLE;
}
