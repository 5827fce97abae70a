/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * text.c - text in scripts that the stroke font lacks, with FreeType and a font of the system.
 *
 * A text is written with the first font that has all its characters, in one line.  Arabic letters are
 * joined, and parts that run from right to left are put in order, as the names of classes need it;
 * scripts whose letters move or change in other ways, such as Devanagari, cannot be written.
 */
#include "eval/eval.h"

#ifndef ENCNET__FREETYPE

bool encnet__text_can_write(const char *text)
{
    (void)text;
    return false;
}

float encnet__text_width(float unit, const char *text)
{
    (void)unit, (void)text;
    return 0;
}

void encnet__text_draw(encnet__canvas *c, float x, float y, float unit, encnet__rgb ink, bool up,
                       const char *text)
{
    (void)c, (void)x, (void)y, (void)unit, (void)ink, (void)up, (void)text;
}

#else

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <freetype/freetype.h>

enum { MOST_CHARS = 256, MOST_DEPTH = 8, MOST_FILES = 4096, MOST_FACES = 8, MOST_TEXTS = 2048 };
/* Texts for which all fonts are opened in vain: of many fonts that is half a second each, and the next text is
 * likely to lack the same. */
enum { MOST_IN_VAIN = 8 };
#define EM 8.4f   /* units: capitals of 0.72 em are as high as those of the stroke font */
#define CAPITAL 6 /* units */

/* -- characters -------------------------------------------------------------------------------- */

/* Code points of a line. */
typedef struct line {
    uint32_t at[MOST_CHARS];
    int n;
} line;

static bool within(uint32_t c, uint32_t first, uint32_t last)
{
    return c >= first && c <= last;
}

/* Of scripts that run from right to left: Hebrew to Arabic Extended-A, and presentation forms. */
static bool is_rtl(uint32_t c)
{
    return within(c, 0x590, 0x8ff) || within(c, 0xfb1d, 0xfdff) || within(c, 0xfe70, 0xfefc);
}

/* Letters and digits that run from left to right. */
static bool is_ltr(uint32_t c)
{
    return within(c, '0', '9') || within(c, 'A', 'Z') || within(c, 'a', 'z') ||
           (c >= 0xc0 && !is_rtl(c) && !within(c, 0x2000, 0x2bff));
}

/* What is not drawn: vowel marks of Arabic and Hebrew, joiners, marks of direction, selectors. */
static bool is_silent(uint32_t c)
{
    return within(c, 0x591, 0x5bd) || within(c, 0x610, 0x61a) || within(c, 0x64b, 0x65f) ||
           c == 0x670 || within(c, 0x200b, 0x200f) || within(c, 0x202a, 0x202e) ||
           within(c, 0x2060, 0x2069) || within(c, 0xfe00, 0xfe0f) || c == 0xfeff;
}

/* Scripts that take more than a glyph for each letter, one behind the other. */
static bool is_complex(uint32_t c)
{
    return within(c, 0x700, 0x74f) || within(c, 0x900, 0xdff) || within(c, 0xf00, 0x109f) ||
           within(c, 0x1780, 0x18af) || within(c, 0x1900, 0x1cff) || within(c, 0xa800, 0xabff) ||
           within(c, 0x11000, 0x11fff);
}

/* Reads UTF-8; false if it is none, too long, or of a script that cannot be written. */
static bool decode(line *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    out->n = 0;
    if (!encnet__is_utf8(text, strlen(text))) return false;
    while (*s) {
        int more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
        uint32_t c = more ? *s & (0x3fu >> more) : *s;
        for (s++; more; more--) c = c << 6 | (*s++ & 0x3fu);
        if (out->n == MOST_CHARS || c < ' ' || c == 0x7f || is_complex(c)) return false;
        out->at[out->n++] = c;
    }
    return true;
}

/* -- Arabic letters ---------------------------------------------------------------------------- */

/* Returns the first of a letter's presentation forms (alone, last, first, middle) and their number: 2 if it
 * joins with the letter before only; 0 if it does not join. */
static int forms_of(uint32_t *first, uint32_t c)
{
    /* of U+0621 to 063A and U+0641 to 064A, whose forms follow each other from U+FE80 on */
    static const char counts[] = "122224242444442222444444444444444224";
    static const uint16_t others[][3] = {{0x679, 0xfb66, 4}, {0x67e, 0xfb56, 4}, {0x686, 0xfb7a, 4},
                                         {0x688, 0xfb88, 2}, {0x691, 0xfb8c, 2}, {0x698, 0xfb8a, 2},
                                         {0x6a9, 0xfb8e, 4}, {0x6af, 0xfb92, 4}, {0x6ba, 0xfb9e, 2},
                                         {0x6be, 0xfbaa, 4}, {0x6c1, 0xfba6, 4}, {0x6cc, 0xfbfc, 4},
                                         {0x6d2, 0xfbae, 2}};
    int at = within(c, 0x621, 0x63a)   ? (int)c - 0x621
             : within(c, 0x641, 0x64a) ? (int)c - 0x627
                                       : -1;

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (others[i][0] == c) {
            *first = others[i][1];
            return others[i][2];
        }
    if (at < 0) return 0;
    *first = 0xfe80;
    for (int i = 0; i < at; i++) *first += (uint32_t)(counts[i] - '0');
    return counts[at] - '0';
}

/* Whether a letter joins with the one behind it; U+0640 is a stroke that does with any. */
static bool joins_next(uint32_t c)
{
    uint32_t first;

    return c == 0x640 || forms_of(&first, c) == 4;
}

static bool joins_previous(uint32_t c)
{
    uint32_t first;

    return c == 0x640 || forms_of(&first, c) >= 2;
}

/* The joined form of lam with an alef behind it, alone; 0: none. */
static uint32_t lam_alef(uint32_t lam, uint32_t alef)
{
    if (lam != 0x644) return 0;
    return alef == 0x622   ? 0xfef5
           : alef == 0x623 ? 0xfef7
           : alef == 0x625 ? 0xfef9
           : alef == 0x627 ? 0xfefb
                           : 0;
}

/* Replaces letters by the forms in which they join. */
static void join_letters(line *l)
{
    line from = *l;
    uint32_t before = 0;

    l->n = 0;
    for (int i = 0; i < from.n; i++) {
        uint32_t c = from.at[i], next = 0, first = c;
        bool previous = joins_next(before) && joins_previous(c);
        int forms = forms_of(&first, c);
        before = c == 0x200c ? 0 : is_silent(c) ? before : c; /* U+200C keeps letters apart */
        if (is_silent(c)) continue;
        for (int k = i + 1; k < from.n && !next; k++)
            if (!is_silent(from.at[k]) || from.at[k] == 0x200c) next = from.at[k];
        if (lam_alef(c, next)) {
            l->at[l->n++] = lam_alef(c, next) + previous;
            before = next;
            while (from.at[i] != next) i++;
            continue;
        }
        if (forms == 4 && joins_previous(next)) first += 2;
        l->at[l->n++] = forms >= 2 ? first + previous : first;
    }
}

/* -- order ------------------------------------------------------------------------------------- */

static void reverse(uint32_t *at, int n)
{
    for (int i = 0; i < n / 2; i++) {
        uint32_t c = at[i];
        at[i] = at[n - 1 - i];
        at[n - 1 - i] = c;
    }
}

/* Puts characters in the order in which they stand from left to right: the line runs as its first letter
 * does, and runs of the other direction within it the other way round. */
static void put_in_order(line *l)
{
    static const char mirrored[] = "()[]{}<>";
    bool base = false, found = false;

    for (int i = 0; i < l->n && !found; i++) {
        base = is_rtl(l->at[i]);
        found = base || is_ltr(l->at[i]);
    }
    if (base) {
        reverse(l->at, l->n);
        for (int i = 0; i < l->n; i++) {
            const char *at = l->at[i] < 0x7f ? strchr(mirrored, (int)l->at[i]) : NULL;
            if (at) l->at[i] = (uint32_t)mirrored[(at - mirrored) ^ 1];
        }
    }
    for (int i = 0, end; i < l->n; i = end) {
        bool (*inner)(uint32_t) = base ? is_ltr : is_rtl,
             (*outer)(uint32_t) = base ? is_rtl : is_ltr;
        end = i + 1;
        if (!inner(l->at[i])) continue;
        for (int k = end; k < l->n && !outer(l->at[k]); k++)
            if (inner(l->at[k])) end = k + 1;
        reverse(l->at + i, end - i);
    }
}

static bool lay_out(line *out, const char *text)
{
    if (!decode(out, text)) return false;
    join_letters(out);
    put_in_order(out);
    return out->n > 0;
}

/* -- fonts ------------------------------------------------------------------------------------- */

/* The fonts of the process, which are looked for once; `lock` is held while they are used.  They belong
 * to the system, and not to a device, a model or a picture. */
static struct {
    pthread_mutex_t lock;
    bool is_open;
    FT_Library library;
    char **files; /* [n], the plainest first */
    int n;
    FT_Face faces[MOST_FACES]; /* those that were used */
    int n_faces;
    struct {
        char *text;
        int face; /* -1: no font has all its characters */
    } known[MOST_TEXTS];
    int n_known;
    int in_vain; /* texts for which all files were opened, and none had all characters */
} fonts = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_font(const char *name)
{
    static const char *const endings[] = {".ttf", ".otf", ".ttc", ".otc"};
    const char *end = strrchr(name, '.');

    for (size_t i = 0; end && i < COUNT_OF(endings); i++)
        if (encnet__same_word(end, endings[i])) return true;
    return false;
}

static void add_file(const char *path)
{
    char *copy;

    if (fonts.n == MOST_FILES || !(copy = encnet__strdup(path))) return;
    fonts.files[fonts.n++] = copy;
}

/* Adds the fonts in a folder and below. */
static void add_folder(const char *path, int depth)
{
    DIR *dir = depth < MOST_DEPTH ? opendir(path) : NULL;
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        encnet__text full = {0};
        if (entry->d_name[0] == '.') continue;
        encnet__text_add(&full, "%s/%s", path, entry->d_name);
        if (full.failed)
            ;
        else if (is_font(entry->d_name))
            add_file(full.data);
        else if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
            add_folder(full.data, depth + 1);
        encnet__text_free(&full);
    }
    if (dir) closedir(dir);
}

/* How far a font is from a plain sans-serif, by the name of its file, such as DejaVuSans-Bold.ttf. */
static int oddity(const char *path)
{
    static const char *const odd[] = {"Bold",  "Italic", "Oblique", "Mono",   "Serif",  "Cond",
                                      "Light", "Thin",   "Black",   "Medium", "Symbol", "Math"};
    const char *name = strrchr(path, '/');

    for (size_t i = 0; i < COUNT_OF(odd); i++)
        if (strstr(name, odd[i])) return 2;
    return strstr(name, "Sans") ? 0 : 1;
}

static int by_oddity(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    int difference = oddity(left) - oddity(right);

    return difference ? difference : strcmp(left, right);
}

/* Adds the fonts below FOLDER/REST for each of the folders that a variable lists. */
static void add_folders(const char *variable, const char *otherwise, const char *rest)
{
    const char *list = getenv(variable);

    if (!list || !*list) list = otherwise;
    while (list && *list) {
        size_t n = strcspn(list, ":");
        encnet__text path = {0};
        encnet__text_add(&path, "%.*s/%s", (int)n, list, rest);
        if (!path.failed) add_folder(path.data, 0);
        encnet__text_free(&path);
        list += n + (list[n] == ':');
    }
}

/* Looks for fonts where the system keeps them (XDG base directories) and the user does. */
static void open_fonts(void)
{
    if (fonts.is_open) return;
    fonts.is_open = true;
    fonts.files = encnet__alloc(MOST_FILES, sizeof *fonts.files);
    if (!fonts.files || FT_Init_FreeType(&fonts.library)) return;
    add_folders("XDG_DATA_DIRS", "/usr/local/share:/usr/share", "fonts");
    add_folders("XDG_DATA_HOME", NULL, "fonts");
    add_folders("HOME", NULL, ".local/share/fonts");
    add_folders("HOME", NULL, ".fonts");
    qsort(fonts.files, (size_t)fonts.n, sizeof *fonts.files, by_oddity);
}

static bool has_all(FT_Face face, const line *l)
{
    for (int i = 0; i < l->n; i++)
        if (!FT_Get_Char_Index(face, l->at[i])) return false;
    return true;
}

/* The first font with all characters of a line; -1: there is none. */
static int find_face(const line *l)
{
    for (int i = 0; i < fonts.n_faces; i++)
        if (has_all(fonts.faces[i], l)) return i;
    if (fonts.in_vain == MOST_IN_VAIN || fonts.n_faces == MOST_FACES) return -1;
    for (int i = 0; i < fonts.n; i++) {
        FT_Face face;
        if (FT_New_Face(fonts.library, fonts.files[i], 0, &face)) continue;
        if (FT_IS_SCALABLE(face) && has_all(face, l)) {
            fonts.faces[fonts.n_faces] = face;
            return fonts.n_faces++;
        }
        FT_Done_Face(face);
    }
    fonts.in_vain++;
    return -1;
}

/* The font that writes a text, laid out; NULL: none does. */
static FT_Face face_of(line *l, const char *text)
{
    char *copy;
    int i = 0;

    open_fonts();
    if (!lay_out(l, text)) return NULL;
    while (i < fonts.n_known && strcmp(fonts.known[i].text, text) != 0) i++;
    if (i == fonts.n_known) {
        if (i == MOST_TEXTS || !(copy = encnet__strdup(text))) return NULL;
        fonts.known[i].text = copy;
        fonts.known[i].face = find_face(l);
        fonts.n_known++;
    }
    return fonts.known[i].face < 0 ? NULL : fonts.faces[fonts.known[i].face];
}

/* -- drawing ----------------------------------------------------------------------------------- */

/* The glyph of a character at the size of `unit`, as a bitmap; NULL: it cannot be drawn. */
static FT_GlyphSlot glyph(FT_Face face, float unit, uint32_t c)
{
    if (FT_Set_Char_Size(face, 0, (FT_F26Dot6)(EM * unit * 64), 72, 72)) return NULL;
    if (FT_Load_Char(face, c, FT_LOAD_RENDER | FT_LOAD_NO_BITMAP | FT_LOAD_TARGET_LIGHT))
        return NULL;
    return face->glyph->bitmap.pixel_mode == FT_PIXEL_MODE_GRAY ? face->glyph : NULL;
}

static float advance(FT_GlyphSlot g)
{
    return g ? (float)g->advance.x / 64 : 0;
}

static void draw(encnet__canvas *c, int x, int y, encnet__rgb ink, bool up, FT_GlyphSlot g)
{
    for (int i = 0; i < (int)g->bitmap.rows; i++)
        for (int j = 0; j < (int)g->bitmap.width; j++) {
            float share = (float)g->bitmap.buffer[i * g->bitmap.pitch + j] / 255;
            int along = g->bitmap_left + j, down = i - g->bitmap_top;
            encnet__canvas_mark(c, up ? x + down : x + along, up ? y - along : y + down, ink,
                                share);
        }
}

bool encnet__text_can_write(const char *text)
{
    bool found;
    line l;

    pthread_mutex_lock(&fonts.lock);
    found = face_of(&l, text) != NULL;
    pthread_mutex_unlock(&fonts.lock);
    return found;
}

float encnet__text_width(float unit, const char *text)
{
    float width = 0;
    FT_Face face;
    line l;

    pthread_mutex_lock(&fonts.lock);
    face = face_of(&l, text);
    for (int i = 0; face && i < l.n; i++) width += advance(glyph(face, unit, l.at[i]));
    pthread_mutex_unlock(&fonts.lock);
    return width;
}

void encnet__text_draw(encnet__canvas *c, float x, float y, float unit, encnet__rgb ink, bool up,
                       const char *text)
{
    float pen = 0, base = CAPITAL * unit;
    FT_Face face;
    line l;

    pthread_mutex_lock(&fonts.lock);
    face = face_of(&l, text);
    for (int i = 0; face && i < l.n; i++) {
        FT_GlyphSlot g = glyph(face, unit, l.at[i]);
        float px = up ? x + base : x + pen, py = up ? y - pen : y + base;
        if (g) draw(c, (int)(px + 0.5f), (int)(py + 0.5f), ink, up, g);
        pen += advance(g);
    }
    pthread_mutex_unlock(&fonts.lock);
}

#endif
