/* strict.h — arithmetic in doubles is what the source says. Every source file includes this first.
 *
 * Filters and error bounds are proven for operations that round one by one. Compilers fuse a product and a sum into
 * one operation where the machine has it (aarch64, x86-64-v3), unless they are told not to: gcc in its GNU modes and
 * clang in all of them. So that no answer depends on a flag of the build, it is said here: clang knows the pragma of
 * C, gcc does not, but takes the option for all functions that follow. Since it is the same for all of them, they are
 * inlined as ever: the instruction counts of the hot paths don't change. */
#ifndef PM_STRICT_H
#define PM_STRICT_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif

#include <float.h>

#ifdef __FAST_MATH__
#error "-ffast-math changes answers: compile without it"
#endif

/* 16 is about 16-bit numbers only. */
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "doubles are computed with excess precision: compile with -msse2 -mfpmath=sse"
#endif

#endif
