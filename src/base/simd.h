/* simd.h — which vector instructions a search may use. See simd.c. */
#ifndef PM_SIMD_H
#define PM_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(PM_PORTABLE) /* -DPM_PORTABLE: what other machines have */
#define PM_X86 1
#define PM_AVX2 __attribute__((target("avx2,popcnt")))
#define PM_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,popcnt")))
#endif

/* Have memory on its way that is read soon. */
static inline void pm_prefetch(const void *at) {
#if defined(__GNUC__)
    __builtin_prefetch(at);
#else
    (void)at;
#endif
}

/* The instructions to use; all give the same answers. */
typedef enum pm_isa { PM_ISA_PORTABLE, PM_ISA_AVX2, PM_ISA_AVX512 } pm_isa;

/* The best that this machine has. */
pm_isa pm_isa_best(void);

#endif
