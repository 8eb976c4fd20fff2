/* unpack.c — WebAssembly code in few bytes, and back: how the library comes with its JavaScript.
 *
 * Each bit takes as much room as it was unlikely: arithmetic coding, with predictions that are weighed against each
 * other (as in lpaq by Matt Mahoney: "Adaptive weighing of context models", 2005). Five of them count how often a 1
 * came in a context, and what makes the result small is that code is read as code: four contexts know the
 * instructions before and the place in the present one, or the number that followed after the same instruction the
 * last time. The sixth is what followed after the longest repetition. Two sets of weights, chosen by the place and by
 * the instruction, are averaged. So it takes 19 % less than LZMA, which takes 15 % less than Deflate.
 *
 * This is a module of its own, which comes as it is and unpacks the library in less time than JavaScript takes when
 * it runs for the first time: the first index takes 95 ms of processor time in all. Packing (PM_PACK) makes the same
 * predictions. They are the same on every machine: floats are added, multiplied and divided only. Nothing is freed:
 * the instance is used once. */
#include <stdint.h>

enum {
    CONTEXTS = 5,
    INPUTS = CONTEXTS + 1,
    SLOT_BITS = 20, /* of the number of slots of a context: 19 take 0.3 kB more and 10 ms less */
    OFTEN = 12,     /* times seen from which on a probability changes at the same pace */
    EVEN = 2048,    /* where the tables have 1 : 1 */
    STEPS = 167,    /* of a table, for 1 of the logarithm of odds */
    MOST = 1 << 18, /* bytes */
    REPEATS = 1 << 16,
    LONGEST = 32,
};
static const float PACE = 0.02f, FIRST_WEIGHT = 0.25f; /* of weights */
static const float PER_BYTE = 0.3f;                    /* how sure a repetition is, as the logarithm of odds */

enum { BR_TABLE = 0x0e, F32_CONST = 0x43, F64_CONST = 0x44 };

unsigned char packed[MOST], unpacked[MOST];

/* How often a 1 came after a context and the bits of the byte so far: 12 bits of probability, from which half is
 * taken, so that 0 is a slot that was never seen, and 4 bits of how often it was seen. */
static uint16_t slots[CONTEXTS][1 << SLOT_BITS];
static float weights[2][1 << 16][INPUTS];
static uint16_t probability_of[2 * EVEN]; /* of a 1, in 65536ths, by the logarithm of its odds */
static float odds_of[2 * EVEN];           /* the logarithm, by the probability in 4096ths */
static float share[OFTEN + 1];            /* how far a probability moves to a bit after it was seen so often */
static uint32_t repeats[REPEATS];         /* where the bytes went on after four of this hash */
static unsigned char following[256];      /* how many numbers, or bytes of a float, follow after an instruction */

static uint32_t end;                    /* of what is unpacked */
static uint32_t instructions;           /* the last four, the present one in the low byte */
static uint32_t left, place, has_count; /* of what follows after it; among the bytes after it; a count comes first */
static uint32_t bytes;                  /* the last four */
static uint32_t number, numbers[256];   /* the present one; the last one after each instruction */
static uint32_t source, length;         /* of the longest repetition */

/* The numbers that are still possible, from the first to the last, and the one that is meant. */
static uint32_t first, last, code, at;

static uint32_t hash(uint32_t a, uint32_t b) {
    const uint32_t product = (a * 0x2f0b4c47 + b + 1) * 0x9e3779b1;
    return product ^ product >> 15;
}

/* The tables, before anything else. */
void start(void) {
    float odds = 1;
    for (int i = 0; i < EVEN; i++, odds *= 1.006f) {
        const float p = 65536 * odds / (1 + odds);
        probability_of[EVEN + i] = (uint16_t)(p < 65535 ? p : 65535);
        probability_of[EVEN - i] = (uint16_t)(65536 - probability_of[EVEN + i]);
    }
    probability_of[0] = 1;
    for (int i = 0, k = 0; i < 2 * EVEN; i++) {
        while (probability_of[k] < 16 * i + 8 && k < 2 * EVEN - 1)
            k++;
        odds_of[i] = (float)(k - EVEN) / STEPS;
    }
    for (int i = 0; i <= OFTEN; i++)
        share[i] = 1 / ((float)i + 1.2f);
    float *w = &weights[0][0][0];
    for (uint32_t i = 0; i < sizeof weights / sizeof *w; i++)
        w[i] = FIRST_WEIGHT;
    static const unsigned char ranges[][3] = {{0x02, 0x04, 1}, {0x0c, 0x0e, 1}, {0x10, 0x10, 1}, {0x11, 0x11, 2},
                                              {0x20, 0x24, 1}, {0x28, 0x3e, 2}, {0x3f, 0x42, 1}, {0x43, 0x43, 4},
                                              {0x44, 0x44, 8}, {0xfc, 0xfc, 1}};
    for (unsigned i = 0; i < sizeof ranges / 3; i++)
        for (int k = ranges[i][0]; k <= ranges[i][1]; k++)
            following[k] = ranges[i][2];
    last = UINT32_MAX;
#ifndef PM_PACK
    for (int i = 0; i < 4; i++)
        code = code << 8 | packed[at++];
#endif
}

static int position(float odds) {
    const float steps = odds * STEPS + EVEN + 0.5f;
    return steps < 0 ? 0 : steps >= 2 * EVEN ? 2 * EVEN - 1 : (int)steps;
}

/* The next bit: the one that is meant, or, when packing, the one that is given. */
static uint32_t coded(uint32_t probability, uint32_t bit) {
    const uint32_t range = last - first;
    const uint32_t middle = first + (range >> 16) * probability + ((range & 0xffff) * probability >> 16);
#ifndef PM_PACK
    bit = code <= middle;
#endif
    if (bit)
        last = middle;
    else
        first = middle + 1;
    while (!((first ^ last) >> 24)) {
#ifdef PM_PACK
        packed[at++] = (unsigned char)(last >> 24);
#else
        code = code << 8 | packed[at++];
#endif
        first <<= 8;
        last = last << 8 | 255;
    }
    return bit;
}

/* What comes after a byte. */
static void follow(uint32_t byte) {
    unpacked[end++] = (unsigned char)byte;
    bytes = bytes << 8 | byte;
    if (length > 0 && unpacked[source] == byte && length < 255)
        length++, source++;
    else
        length = 0;
    const uint32_t tail = hash(bytes, 0) % REPEATS;
    if (length == 0) {
        source = repeats[tail];
        while (source > 0 && length < LONGEST && length < source &&
               unpacked[source - 1 - length] == unpacked[end - 1 - length])
            length++;
        if (length < 3)
            length = 0;
    }
    repeats[tail] = end;
    if (left == 0) {
        instructions = instructions << 8 | byte;
        left = following[byte];
        has_count = byte == BR_TABLE;
        place = number = 0;
        return;
    }
    const uint32_t instruction = instructions & 255;
    const int is_float = instruction == F32_CONST || instruction == F64_CONST;
    number = number << 8 | byte;
    place = place < 15 ? place + 1 : 15;
    if (!is_float && byte >= 128)
        return; /* a number goes on */
    numbers[instruction] = number;
    left = has_count ? byte + 1 : left - 1;
    has_count = 0;
    if (!is_float && left > 0)
        place = 8;
}

/* Unpack the next byte; or pack it. */
static void next(uint32_t given) {
    const uint32_t instruction = instructions & 255;
    const uint32_t where = left == 0 ? 0 : (instruction << 8 | place) + 1;
    const uint32_t known = hash(where, instructions);
    const uint32_t contexts[CONTEXTS] = {
        hash(where, instruction),
        bytes & 0xffff,
        hash(known, 7),
        hash(hash(where, numbers[instruction]), 13),
        hash(hash(where, instructions & 0xffff), 19),
    };
    const uint32_t expected = length > 0 ? unpacked[source] | 256 : 0;
    uint32_t byte = 1; /* the bits so far, after a 1 */
    for (int bits = 0; bits < 8;) {
        uint16_t *here[CONTEXTS]; /* the slots of four bits lie together */
        for (uint32_t i = 0; i < CONTEXTS; i++)
            here[i] = &slots[i][hash(hash(contexts[i], i), byte) >> (32 - SLOT_BITS) & ~15u];
        for (uint32_t part = 1; part < 16; bits++) {
            float *w[2] = {weights[0][(left == 0 ? 0 : 1 + place) << 8 | byte], weights[1][instruction << 8 | byte]};
            float inputs[INPUTS], sums[2] = {0, 0};
            for (int i = 0; i < CONTEXTS; i++) {
                const uint32_t slot = here[i][part];
                inputs[i] = odds_of[slot >> 4 ^ EVEN];
            }
            inputs[CONTEXTS] = 0;
            if (expected >> (8 - bits) == byte) {
                const float sure = PER_BYTE * (float)(length < LONGEST ? length : LONGEST);
                inputs[CONTEXTS] = expected >> (7 - bits) & 1 ? sure : -sure;
            }
            for (int i = 0; i < INPUTS; i++)
                for (int set = 0; set < 2; set++)
                    sums[set] += w[set][i] * inputs[i];
            const uint32_t bit = coded(probability_of[position((sums[0] + sums[1]) / 2)], given >> (7 - bits) & 1);
            for (int set = 0; set < 2; set++) {
                const float off = ((float)bit - (float)probability_of[position(sums[set])] / 65536) * PACE;
                for (int i = 0; i < INPUTS; i++)
                    w[set][i] += off * inputs[i];
            }
            for (int i = 0; i < CONTEXTS; i++) {
                const uint32_t slot = here[i][part], seen = slot & 15;
                const float old = (float)(slot >> 4 ^ EVEN);
                const float better = old + ((float)bit * 4095.5f - old) * share[seen] + 0.5f;
                here[i][part] = (uint16_t)(((uint32_t)better ^ EVEN) << 4 | (seen < OFTEN ? seen + 1 : OFTEN));
            }
            part = part << 1 | bit;
            byte = byte << 1 | bit;
        }
    }
    follow(byte & 255);
}

#ifdef PM_PACK
uint32_t pack(uint32_t size) {
    for (uint32_t i = 0; i < size; i++)
        next(unpacked[i]);
    packed[at++] = (unsigned char)(last >> 24); /* and zeros: a number that is still possible */
    return at;
}
#else
/* Unpack so many bytes more. In several calls an engine has the chance to exchange what it has compiled quickly. */
void unpack(uint32_t count) {
    while (count-- > 0)
        next(0);
}
#endif
