/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * font.c - a stroke font: every character is a few polylines, so the canvas draws it smoothly at
 * any size.
 *
 * A point is a pair of digits x y on a grid of 5 x 9: capitals are between y = 0 and 6, small
 * letters begin at 2, descenders end at 8.  A blank lifts the pen; a point given twice is a dot.
 */
#include "eval/eval.h"

#include <stdio.h>
#include <string.h>

#define STROKE 1.0f /* width of the pen, units */
#define GAP 2.0f    /* between letters, units */
#define BLANK 2.4f  /* width of a space, units */
#define MAX_POINTS 32

static const char *const glyphs[127] = {
    [' '] = "",
    ['!'] = "2024 2626",
    ['"'] = "1012 3032",
    ['#'] = "1016 3036 0242 0444",
    ['$'] = "413010010213334445361605 2026",
    ['%'] = "4006 0010110100 3545463635",
    ['&'] = "4612112031320405162644",
    ['\''] = "2022",
    ['('] = "30212536",
    [')'] = "10212516",
    ['*'] = "2125 0244 0442",
    ['+'] = "2125 0343",
    [','] = "2617",
    ['-'] = "1333",
    ['.'] = "2626",
    ['/'] = "4006",
    ['0'] = "103041453616050110",
    ['1'] = "112026 1636",
    ['2'] = "01103041420646",
    ['3'] = "0110304142334445361605 1333",
    ['4'] = "36300444",
    ['5'] = "400003334445361605",
    ['6'] = "40200205163645443303",
    ['7'] = "004016",
    ['8'] = "13020110304142331304051636454433",
    ['9'] = "06264441301001021343",
    [':'] = "2323 2626",
    [';'] = "2323 2617",
    ['<'] = "410345",
    ['='] = "0242 0444",
    ['>'] = "014305",
    ['?'] = "01103041422324 2626",
    ['@'] = "3322131424334442301001051636",
    ['A'] = "062046 1434",
    ['B'] = "00063645443303 3342413000",
    ['C'] = "4130100105163645",
    ['D'] = "00062644422000",
    ['E'] = "40000646 0333",
    ['F'] = "400006 0333",
    ['G'] = "41301001051636454323",
    ['H'] = "0006 4046 0343",
    ['I'] = "1030 2026 1636",
    ['J'] = "4045361605",
    ['K'] = "0006 400346",
    ['L'] = "000646",
    ['M'] = "0600234046",
    ['N'] = "06004640",
    ['O'] = "103041453616050110",
    ['P'] = "06003041423303",
    ['Q'] = "103041453616050110 2446",
    ['R'] = "06003041423303 2346",
    ['S'] = "413010010213334445361605",
    ['T'] = "0040 2026",
    ['U'] = "000516364540",
    ['V'] = "002640",
    ['W'] = "0016233640",
    ['X'] = "0046 4006",
    ['Y'] = "002340 2326",
    ['Z'] = "00400646",
    ['['] = "30101636",
    ['\\'] = "0046",
    [']'] = "10303616",
    ['^'] = "022042",
    ['_'] = "0747",
    ['`'] = "1021",
    ['a'] = "12324346 441405163645",
    ['b'] = "0006 0312324345361605",
    ['c'] = "4332120305163645",
    ['d'] = "4046 4332120305163645",
    ['e'] = "04444332120305163645",
    ['f'] = "302126 1232",
    ['g'] = "4247381807 4332120305163645",
    ['h'] = "0006 0312324346",
    ['i'] = "2020 2226",
    ['j'] = "3030 32372818",
    ['k'] = "0006 320436",
    ['l'] = "2026",
    ['m'] = "0206 03122326 23324346",
    ['n'] = "0206 0312324346",
    ['o'] = "123243453616050312",
    ['p'] = "0208 0312324345361605",
    ['q'] = "4248 4332120305163645",
    ['r'] = "1216 132232",
    ['s'] = "43321203143445361605",
    ['t'] = "202536 1232",
    ['u'] = "0205163645 4246",
    ['v'] = "022642",
    ['w'] = "0216243642",
    ['x'] = "0246 4206",
    ['y'] = "0226 421808",
    ['z'] = "02420646",
    ['{'] = "30212213242536",
    ['|'] = "2027",
    ['}'] = "10212233242516",
    ['~'] = "04133443",
};

/* Whether the strokes suffice. */
static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~') return false;
    return true;
}

bool encnet__canvas_can_write(const char *text)
{
    return is_ascii(text) || encnet__text_can_write(text);
}

const char *encnet__class_text(char number[16], const encnet__class *classes, int m)
{
    if (encnet__canvas_can_write(classes[m].name)) return classes[m].name;
    snprintf(number, 16, "%d", m);
    return number;
}

/* Returns the glyph of a byte.  A character outside ASCII is one question mark, whatever the number
 * of its bytes. */
static const char *glyph_of(unsigned char byte)
{
    if ((byte & 0xc0) == 0x80) return NULL; /* continues a character of UTF-8 */
    return byte >= ' ' && byte < COUNT_OF(glyphs) ? glyphs[byte] : glyphs['?'];
}

/* Finds the columns that a glyph uses, because letters have different widths. */
static void extent(float *left, float *right, const char *glyph)
{
    *left = 9;
    *right = 0;
    for (const char *p = glyph; *p; p += *p == ' ' ? 1 : 2) {
        float x = (float)(*p - '0');
        if (*p == ' ') continue;
        if (x < *left) *left = x;
        if (x > *right) *right = x;
    }
    if (*left > *right) *left = 0, *right = BLANK - GAP / 2;
}

float encnet__canvas_text_width(float unit, const char *text)
{
    float width = 0, left, right;

    if (!is_ascii(text) && encnet__text_can_write(text)) return encnet__text_width(unit, text);
    for (; *text; text++) {
        const char *glyph = glyph_of((unsigned char)*text);
        if (!glyph) continue;
        extent(&left, &right, glyph);
        width += right - left + GAP;
    }
    return width > GAP ? (width - GAP) * unit : 0;
}

/* Draws a glyph with its left edge at `pen` units. */
static void draw_glyph(encnet__canvas *c, const char *glyph, float x, float y, float pen,
                       float unit, encnet__rgb ink, bool up)
{
    encnet__point line[MAX_POINTS];
    int n = 0;

    for (const char *p = glyph;; p++) {
        if (*p == ' ' || *p == '\0') {
            encnet__canvas_line(c, line, n, STROKE * unit, ink, 1);
            n = 0;
            if (*p == '\0') return;
            continue;
        }
        float along = (pen + (float)(*p++ - '0')) * unit + 0.5f;
        float down = (float)(*p - '0') * unit + 0.5f;
        line[n++] =
            up ? (encnet__point){x + down, y - along} : (encnet__point){x + along, y + down};
    }
}

void encnet__canvas_text(encnet__canvas *c, float x, float y, float unit, encnet__rgb ink, bool up,
                         const char *text)
{
    float pen = 0, left, right;

    if (!is_ascii(text) && encnet__text_can_write(text)) {
        encnet__text_draw(c, x, y, unit, ink, up, text);
        return;
    }
    for (; *text; text++) {
        const char *glyph = glyph_of((unsigned char)*text);
        if (!glyph) continue;
        extent(&left, &right, glyph);
        draw_glyph(c, glyph, x, y, pen - left, unit, ink, up);
        pen += right - left + GAP;
    }
}
