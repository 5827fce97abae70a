#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The synthetic data set goes out as folders, comes back in with the same pixels, and damage is found.
. "$(dirname "$0")/common.inc"

cat >drawn.ini <<'INI'
[model]
classes = 6
[data]
type = synthetic
train_count = 5
val_count = 2
width = 72
height = 56
INI
cat >folder.ini <<'INI'
[model]
classes = 6
[data]
type = folder
root = exported
classes_file = classes.csv
INI

expect 0 "$train" drawn.ini --check-data
grep -qE '^training images +5$' out || fail "no 5 training images: $(cat out)"
mv out drawn.txt
expect 0 "$train" drawn.ini --export-data exported
[ "$(cat out)" = exported ] || fail "--export-data prints $(cat out)"
expect 0 "$train" folder.ini --check-data
diff drawn.txt out || fail "the folders hold other pixels than were drawn"

# -- ids that no label has, and a class file that cannot be taken, are said
expect 4 "$train" folder.ini --check-data --set data.ignore_labels=5,77,255
err_has 'data.ignore_labels = 5,77,255: no label has 77; the ids are 0-'
mkfifo exported/pipe.csv
head -c 2000000 /dev/zero >exported/large.csv
expect 4 timeout 60 "$train" folder.ini --check-data --set data.classes_file=pipe.csv
err_has 'exported/pipe.csv: not a regular file'
expect 4 "$train" folder.ini --check-data --set data.classes_file=large.csv
err_has 'exported/large.csv: 2000000 bytes'
expect 4 "$train" folder.ini --check-data --set data.classes_file=none.csv
err_has 'none.csv is not there, neither as exported/none.csv'
expect 8 timeout 60 "$train" exported/pipe.csv --check-data
err_has 'exported/pipe.csv: not a regular file'

labels=(exported/annotations/train/*.png)
images=(exported/images/val/*.png)
rm "${labels[0]}"
truncate -s 100 "${images[0]}"
expect 4 "$train" folder.ini --check-data
err_has "$(basename "${labels[0]}" .png)"
err_has "${images[0]}"
grep -qE '^problems +2$' out || fail "not 2 problems: $(cat out)"

expect 4 "$train" folder.ini --check-data --set data.root=nowhere
err_has "nowhere/images/train"
expect 8 "$train" drawn.ini --export-data /proc/none
err_has "/proc/none"

finish
