/* test_note.c: are the names and the CRS of a note read as they were written, and is any note safe to read?
 *
 * Notes are put together byte by byte as docs/abi.md says. Then their words are replaced by all numbers around the
 * sizes in play: whatever is returned must lie inside the note. */
#include <string.h>

#include "polymatch.h"
#include "tap.h"

enum { REGIONS = 3, HEAD = 32, MOST = 200 };

static pm_index *with_note(const void *note, size_t size) {
    static const double x[REGIONS] = {0, 5, 9}, distance = 1;
    const pm_disks disks = {.x = x, .y = x, .count = REGIONS};
    const pm_options options = {.predicate = PM_CENTER_WITHIN,
                                .best = PM_FIRST,
                                .distance = &distance,
                                .distance_count = 1,
                                .note = note,
                                .note_size = size};
    pm_index *index = NULL;
    if (pm_index_build_disks(&disks, &options, &index, NULL) != PM_OK)
        abort();
    return index;
}

/* A note; returns its size. `names` is NULL or REGIONS texts. */
static size_t write_note(unsigned char note[MOST], const char *const *names, int are_json, const char *crs) {
    uint64_t words[4] = {0, (crs ? 1 : 0) | (names ? 2 : 0) | (are_json ? 4 : 0), crs ? strlen(crs) : 0,
                         names ? REGIONS : 0};
    uint64_t offset = 0;
    size_t at = HEAD;
    memcpy(words, "pm-note1", 8);
    memcpy(note, words, HEAD);
    for (int i = 0; names && i <= REGIONS; i++, at += 8) {
        memcpy(note + at, &offset, 8);
        offset += i < REGIONS ? strlen(names[i]) : 0;
    }
    for (int i = 0; names && i < REGIONS; at += strlen(names[i++]))
        memcpy(note + at, names[i], strlen(names[i]));
    if (crs)
        memcpy(note + at, crs, strlen(crs));
    return at + (crs ? strlen(crs) : 0);
}

static int is_text(const char *text, size_t size, const char *expected) {
    return expected ? text && size == strlen(expected) && memcmp(text, expected, size) == 0 : !text && size == 0;
}

static void test_reading(void) {
    static const char *const names[REGIONS] = {"west", "", "\xc3\xb6stlich"};
    static const char *const values[REGIONS] = {"1.5", "null", "\"a\""};
    static const char *const crss[] = {NULL, "", "EPSG:4326"};
    unsigned char note[MOST];
    for (int kind = PM_NAMES_NONE; kind <= PM_NAMES_JSON; kind++)
        for (int c = 0; c < 3; c++) {
            const char *const *given = kind == PM_NAMES_NONE ? NULL : kind == PM_NAMES_TEXT ? names : values;
            pm_index *index = with_note(note, write_note(note, given, kind == PM_NAMES_JSON, crss[c]));
            size_t size = 99;
            int right = pm_index_names(index) == (pm_names)kind;
            for (int i = 0; i < REGIONS; i++) {
                const char *name = pm_index_name(index, i, &size);
                right = right && is_text(name, size, given ? given[i] : NULL);
            }
            for (int64_t i = -2; i <= REGIONS; i += i == -1 ? REGIONS + 1 : 1)
                right = right && !pm_index_name(index, i, &size) && size == 0;
            const char *crs = pm_index_crs(index, &size);
            right = right && is_text(crs, size, crss[c]);
            tap_ok(right, "names of kind %d, crs %s", kind, crss[c] ? crss[c] : "unknown");
            pm_index_free(index);
        }
}

/* Everything that is said about an index is inside of its note. */
static int is_inside(const pm_index *index) {
    size_t size, length;
    const char *note = pm_index_note(index, &size);
    int inside = (unsigned)pm_index_names(index) <= PM_NAMES_JSON;
    for (int64_t i = -1; i <= REGIONS; i++) {
        const char *name = i < REGIONS ? pm_index_name(index, i, &length) : pm_index_crs(index, &length);
        inside &= name ? name >= note && length <= size && name + length <= note + size : length == 0;
    }
    return inside;
}

static void test_any_bytes(void) {
    static const char *const names[REGIONS] = {"west", "middle", "east"};
    unsigned char note[MOST], changed[MOST];
    const size_t size = write_note(note, names, 0, "EPSG:4326");
    tap_count inside = {"inside the note, whatever it says", 0, 0};
    for (size_t length = 0; length <= size; length++) {
        pm_index *index = with_note(note, length);
        tap_case(&inside, is_inside(index));
        pm_index_free(index);
    }
    for (size_t at = 8; at < HEAD + 8 * (REGIONS + 1); at += 8)
        for (int64_t value = -70; value <= 70; value++)
            for (int high = 0; high <= 1; high++) {
                const uint64_t word = (uint64_t)value ^ (uint64_t)high << 63;
                memcpy(changed, note, size);
                memcpy(changed + at, &word, sizeof word);
                pm_index *index = with_note(changed, size);
                tap_case(&inside, is_inside(index));
                pm_index_free(index);
            }
    tap_tally(&inside);
    size_t length;
    for (int digit = 0; digit < 2; digit++) {
        memcpy(changed, note, size);
        changed[digit ? 7 : 0]++;
        pm_index *index = with_note(changed, size);
        tap_ok(pm_index_names(index) == PM_NAMES_NONE && !pm_index_name(index, 0, &length) &&
                   !pm_index_crs(index, &length),
               "a note of %s", digit ? "another version" : "somebody else");
        pm_index_free(index);
    }
}

int main(void) {
    test_reading();
    test_any_bytes();
    return tap_end();
}
