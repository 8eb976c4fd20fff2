/* tap.h: how a C test speaks: one line per check, the plan at the end, diagnostics after '#'.
 *
 * The Test Anything Protocol is what `meson test` reads with protocol: 'tap'. A check over millions of cases is
 * one line: a tally counts its cases and failures, prints the first few failures in full, and tap_tally() turns
 * it into a line that says how many cases there were. A program that dies prints no plan, so it fails as well.
 * A tally without a single case fails: a test that tested nothing must not pass. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct tap_count {
    const char *name;
    long cases;
    long failures;
} tap_count;

static long tap_lines, tap_failures;

/* One check. */
#if defined(__MINGW32__) /* where printf is Microsoft's, unless C11 says otherwise */
__attribute__((format(gnu_printf, 2, 3)))
#elif defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline int
tap_ok(int pass, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tap_lines++;
    tap_failures += !pass;
    printf("%s %ld - ", pass ? "ok" : "not ok", tap_lines);
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
    va_end(arguments);
    return pass;
}

/* One case of a tally; true when the failure is one of the first and the caller should print it. */
static inline int tap_case(tap_count *count, int pass) {
    count->cases++;
    count->failures += !pass;
    return !pass && count->failures <= 3;
}

static inline void tap_tally(const tap_count *count) {
    tap_ok(count->cases > 0 && count->failures == 0, "%s: %ld cases, %ld failures", count->name, count->cases,
           count->failures);
}

/* The plan; the value main() returns. */
static inline int tap_end(void) {
    printf("1..%ld\n", tap_lines);
    return tap_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* How many cases: `few`, or `many` when PM_TEST_FULL is set (what the full run of the project does). */
static inline long tap_cases(long few, long many) {
    return getenv("PM_TEST_FULL") ? many : few;
}

#endif
