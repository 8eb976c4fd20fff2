/* note.c — what are the regions called, and in which coordinates are they?
 *
 * The note of a block belongs to the caller, and matching never reads it. One format of it is known here, that of
 * docs/abi.md: so a file that was written from Python answers with names wherever it is opened. Names are found by
 * their offsets and read where they lie.
 *
 * A note may hold any bytes, also those of a forged block: every number is compared with the size of the note before
 * it is used. */
#include "base/strict.h"

#include <string.h>

#include "index.h"

/* The first bytes of a note. After them come name_count + 1 offsets of 64 bits, where there are names, then the text
 * of the names, then the text of the CRS. */
typedef struct note_head {
    char magic[8];
    uint64_t flags;
    uint64_t crs_size;
    uint64_t name_count;
} note_head;

static const char NOTE_MAGIC[8] = {'p', 'm', '-', 'n', 'o', 't', 'e', '1'};
enum { HAS_CRS = 1, HAS_NAMES = 2, NAMES_ARE_JSON = 4 };

/* Where the parts of a note are. */
typedef struct note_parts {
    pm_names names;
    const char *offsets, *text;
    uint64_t text_size; /* of names and CRS */
    int has_crs;
    uint64_t crs_size;
} note_parts;

static uint64_t offset_at(const note_parts *parts, uint64_t i) {
    uint64_t offset;
    memcpy(&offset, parts->offsets + i * sizeof offset, sizeof offset);
    return offset;
}

/* All 0 for a note that is not of this format or names other regions. */
static note_parts read_note(const pm_index *index) {
    const note_parts none = {.names = PM_NAMES_NONE};
    note_parts parts = none;
    note_head head;
    if (index->note_size < sizeof head)
        return none;
    memcpy(&head, index->note, sizeof head);
    if (memcmp(head.magic, NOTE_MAGIC, sizeof NOTE_MAGIC) != 0 || head.flags > (HAS_CRS | HAS_NAMES | NAMES_ARE_JSON))
        return none;
    parts.offsets = (const char *)index->note + sizeof head;
    uint64_t rest = index->note_size - sizeof head, offsets = 0;
    if (head.flags & HAS_NAMES) {
        offsets = ((uint64_t)index->count + 1) * sizeof(uint64_t);
        if (head.name_count != index->count || offsets > rest)
            return none;
        parts.names = head.flags & NAMES_ARE_JSON ? PM_NAMES_JSON : PM_NAMES_TEXT;
    }
    parts.text = parts.offsets + offsets;
    parts.text_size = rest - offsets;
    parts.has_crs = (head.flags & HAS_CRS) != 0;
    parts.crs_size = head.crs_size;
    return parts.crs_size <= parts.text_size ? parts : none;
}

pm_names pm_index_names(const pm_index *index) {
    return read_note(index).names;
}

const char *pm_index_name(const pm_index *index, int64_t region, size_t *size) {
    const note_parts parts = read_note(index);
    *size = 0;
    if (parts.names == PM_NAMES_NONE || region < 0 || (uint64_t)region >= index->count)
        return NULL;
    uint64_t begin = offset_at(&parts, (uint64_t)region), end = offset_at(&parts, (uint64_t)region + 1);
    if (begin > end || end > parts.text_size - parts.crs_size)
        return NULL;
    *size = (size_t)(end - begin);
    return parts.text + begin;
}

const char *pm_index_crs(const pm_index *index, size_t *size) {
    const note_parts parts = read_note(index);
    *size = 0;
    if (!parts.has_crs)
        return NULL;
    *size = (size_t)parts.crs_size;
    return parts.text + (parts.text_size - parts.crs_size);
}
