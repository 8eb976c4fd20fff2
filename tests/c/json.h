/* json.h: as much of JSON as the test vectors need.
 *
 * A document is parsed into values that point into the text: arrays and objects chain their items, an object's
 * items carry their names, everything else keeps its characters. So integers beyond 2^53 stay exact, and one file
 * serves C and Python without a generator in between. Anything unexpected ends the program, since the vectors are our
 * own. Escapes in strings are not supported. */
#ifndef JSON_H
#define JSON_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct json {
    char type;        /* '[', '{', '"', or '0' for a number or null */
    const char *text; /* of a string or number */
    size_t length;
    const char *name; /* in an object */
    size_t name_length;
    struct json *first, *next;
    size_t count; /* of items */
} json;

static _Noreturn void json_fail(const char *what, const char *at) {
    printf("Bail out! JSON: %s at \"%.30s\"\n", what, at);
    exit(EXIT_FAILURE);
}

static const char *json_space(const char *s) {
    while (isspace((unsigned char)*s))
        s++;
    return s;
}

static const char *json_string(const char *s, const char **text, size_t *length) {
    if (*s != '"')
        json_fail("expected a string", s);
    *text = s + 1;
    *length = strcspn(s + 1, "\"\\");
    if (s[1 + *length] != '"')
        json_fail("escapes are not supported", s);
    return json_space(s + *length + 2);
}

static const char *json_parse(const char *s, json *out) {
    memset(out, 0, sizeof *out);
    s = json_space(s);
    out->type = *s;
    if (*s == '"')
        return json_string(s, &out->text, &out->length);
    if (*s != '[' && *s != '{') {
        out->type = '0';
        out->text = s;
        out->length = strcspn(s, ",]} \n");
        if (out->length == 0)
            json_fail("expected a value", s);
        return json_space(s + out->length);
    }
    const char end = *s == '[' ? ']' : '}';
    s = json_space(s + 1);
    for (json **last = &out->first; *s != end; last = &(*last)->next) {
        const char *name = NULL;
        size_t name_length = 0;
        if (end == '}') {
            s = json_string(s, &name, &name_length);
            if (*s++ != ':')
                json_fail("expected ':'", s - 1);
        }
        *last = malloc(sizeof **last);
        if (*last == NULL)
            json_fail("no memory", s);
        s = json_parse(s, *last);
        (*last)->name = name;
        (*last)->name_length = name_length;
        out->count++;
        if (*s == ',')
            s++;
        else if (*s != end)
            json_fail("expected ',' or the end", s);
        s = json_space(s);
    }
    return json_space(s + 1);
}

static void json_free(const json *value) {
    for (json *item = value->first, *next; item != NULL; item = next) {
        next = item->next;
        json_free(item);
        free(item);
    }
}

/* The item of that name, or NULL. */
static const json *json_get(const json *object, const char *name) {
    for (const json *item = object->first; item != NULL; item = item->next)
        if (item->name_length == strlen(name) && memcmp(item->name, name, item->name_length) == 0)
            return item;
    return NULL;
}

static int json_is(const json *value, const char *text) {
    return value->length == strlen(text) && memcmp(value->text, text, value->length) == 0;
}

/* A number, or "inf", "-inf", "nan", which strtod() reads as well. */
static double json_double(const json *value) {
    char *end;
    double number = strtod(value->text, &end);
    if (end != value->text + value->length)
        json_fail("expected a number", value->text);
    return number;
}

static int64_t json_int64(const json *value) {
    return strtoll(value->text, NULL, 10);
}

static uint64_t json_uint64(const json *value) {
    return strtoull(value->text, NULL, 10);
}

#endif
