# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The paper's figure of the ablation (arXiv:1803.08904, figure 6) from the scores that ci/ablation.sh writes, as SVG:
#
#   awk -f ci/ablation.awk ablation-out/scores.txt >docs/ablation.svg
#
# A line of scores is "NAME mIoU ...", one number for each seed.  Names "K16" and "se0.2" are points of the two panels, "fcn" is
# a dashed line in both.  The lines of a panel are in the order of their values.

# The distance of about five ticks over a range: 1, 2 or 5 times a power of ten.
function tick(range,    step) {
    for (step = 0.001; range / step > 50; step *= 10) ;
    if (range / step <= 5) return step
    if (range / step <= 10) return 2 * step
    if (range / step <= 25) return 5 * step
    return 10 * step
}

function text(x, y, anchor, what) {
    printf "<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>\n", x, y, anchor, what
}

function line(x1, y1, x2, y2, style) {
    printf "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' %s/>\n", x1, y1, x2, y2, style
}

function across(value) { return left + 12 + (width - 24) * (most_x > 0 ? value / most_x : 0.5) }
function up(score) { return top + height - height * (score - low) / (high - low) }

# One panel: axes, then for each variant whose name begins with the prefix the seeds and their mean.
function panel(prefix, title,    i, j, x, score, path) {
    most_x = 0
    for (i = 1; i <= rows; i++)
        if (kind[i] == prefix && place[i] > most_x) most_x = place[i]
    for (score = low; score <= high + step / 2; score += step) {
        line(left, up(score), left + width, up(score), "stroke='#e4e4e4'")
        text(left - 6, up(score) + 4, "end", sprintf("%.*f", step < 0.1 ? 2 : step < 1, score))
    }
    line(left, top + height, left + width, top + height, "stroke='#333'")
    line(left, top, left, top + height, "stroke='#333'")
    text(left + width / 2, top + height + 40, "middle", title)
    if (fcn) {
        line(left, up(mean[fcn]), left + width, up(mean[fcn]), "stroke='#888' stroke-dasharray='6 4'")
        text(left + width - 4, up(mean[fcn]) - 5, "end", "FCN")
    }
    for (i = 1; i <= rows; i++) {
        if (kind[i] != prefix) continue
        x = across(place[i])
        line(x, top + height, x, top + height + 5, "stroke='#333'")
        text(x, top + height + 19, "middle", place[i])
        path = path sprintf("%s%.1f %.1f", path == "" ? "M" : " L", x, up(mean[i]))
        for (j = 1; j <= seeds[i]; j++)
            printf "<circle cx='%.1f' cy='%.1f' r='3.5' fill='none' stroke='#c0392b'/>\n", x, up(miou[i, j])
    }
    if (path != "") printf "<path d='%s' fill='none' stroke='#2060a8' stroke-width='2'/>\n", path
    for (i = 1; i <= rows; i++)
        if (kind[i] == prefix)
            printf "<circle cx='%.1f' cy='%.1f' r='3' fill='#2060a8'/>\n", across(place[i]), up(mean[i])
}

NF > 1 {
    rows++
    sum = 0
    seeds[rows] = NF - 1
    for (i = 2; i <= NF; i++) {
        miou[rows, i - 1] = $i
        sum += $i
    }
    mean[rows] = sum / (NF - 1)
    if ($1 == "fcn") fcn = rows
    if (match($1, /^(K|se)[0-9]/)) {
        kind[rows] = substr($1, 1, RLENGTH - 1)
        place[rows] = substr($1, RLENGTH) + 0
    } else if ($1 != "fcn") next
    for (i = 2; i <= NF; i++) {
        if (low == "" || $i + 0 < low) low = $i + 0
        if (high == "" || $i + 0 > high) high = $i + 0
    }
}

END {
    if (low == "") exit 1
    width = 330
    height = 260
    top = 40
    step = tick(high > low ? high - low : 1)
    low = step * int(low / step)
    if (high > step * int(high / step)) high = step * (int(high / step) + 1)
    if (high <= low) high = low + step
    print "<svg xmlns='http://www.w3.org/2000/svg' width='820' height='370' viewBox='0 0 820 370' " \
        "font-family='sans-serif' font-size='13'>"
    print "<rect width='820' height='370' fill='#fff'/>"
    left = 60
    text(left, 22, "start", "mIoU, %: each seed (open) and the mean (filled)")
    panel("K", "number of codewords K")
    left = 460
    panel("se", "weight of the SE loss")
    print "</svg>"
}
