/* format.c — the sentences of errors, without the C library's printf.
 *
 * That one brings arithmetic of 128-bit floats with it: 22 kB of the module, a sixth of it. The sentences of this
 * library need %s, %d, %u, %lu, %zu, %lld, %llu and %g. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct text {
    char *at, *end; /* of the room that is left, without the 0 */
} text;

static void put(text *t, char c) {
    if (t->at < t->end)
        *t->at++ = c;
}

static void put_text(text *t, const char *s) {
    while (*s)
        put(t, *s++);
}

static void put_whole(text *t, uint64_t value, int digits) {
    char reversed[20];
    int count = 0;
    do
        reversed[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (digits-- > count)
        put(t, '0');
    while (count > 0)
        put(t, reversed[--count]);
}

static void put_signed(text *t, int64_t value) {
    if (value < 0)
        put(t, '-');
    put_whole(t, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

/* As %g: six digits, zeros at the end left out. */
static void put_number(text *t, double value) {
    if (value < 0)
        put(t, '-');
    value = fabs(value);
    if (!(value <= 0x1.fffffffffffffp1023)) {
        put_text(t, value > 0 ? "inf" : "nan");
        return;
    }
    int power = 0; /* of ten: value = d.ddddd * 10^power */
    double scaled = value;
    for (; scaled >= 10; power++)
        scaled /= 10;
    for (; scaled > 0 && scaled < 1; power--)
        scaled *= 10;
    uint32_t digits = (uint32_t)(scaled * 1e5 + 0.5);
    if (digits >= 1000000) {
        digits /= 10;
        power++;
    }
    int count = 6;
    for (; count > 1 && digits % 10 == 0; count--)
        digits /= 10;
    uint32_t unit = 1;
    for (int i = 1; i < count; i++)
        unit *= 10;
    const int has_power = power < -4 || power >= 6;
    if (!has_power && power < 0)
        put_text(t, "0.");
    for (int zeros = has_power ? 0 : -1 - power; zeros > 0; zeros--)
        put(t, '0');
    for (int i = 0; i < count; i++, unit /= 10) {
        put(t, (char)('0' + digits / unit % 10));
        if (i == (has_power ? 0 : power) && i + 1 < count)
            put(t, '.');
    }
    for (int i = count; !has_power && i <= power; i++)
        put(t, '0');
    if (has_power) {
        put_text(t, power < 0 ? "e-" : "e+");
        put_whole(t, (uint64_t)(power < 0 ? -power : power), 2);
    }
}

int pm_js_vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args);

int pm_js_vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args) {
    text t = {to, to + size - 1};
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&t, *f);
            continue;
        }
        int longs = 0;
        for (f++; *f == 'l' || *f == 'z'; f++)
            longs += *f == 'l';
        switch (*f) {
        case 's':
            put_text(&t, va_arg(args, const char *));
            break;
        case 'g':
            put_number(&t, va_arg(args, double));
            break;
        case 'd':
            put_signed(&t, longs == 2 ? va_arg(args, long long) : va_arg(args, int));
            break;
        case 'u':
            put_whole(&t, longs == 2 ? va_arg(args, unsigned long long) : va_arg(args, unsigned), 1);
            break;
        default:
            put(&t, '?'); /* a test looks for it */
        }
    }
    *t.at = 0;
    return (int)(t.at - to);
}
