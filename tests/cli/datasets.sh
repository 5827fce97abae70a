#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Small data sets in the layouts of VOC, its augmented set and COCO-Stuff 10k: checked, trained on for two steps, evaluated; and what a
# layout lacks is told with what is there instead.
. "$(dirname "$0")/common.inc"

# -- every kind has its place in the documentation
for name in $(sed -nE 's/^DATASET\(([a-z0-9_]+),.*/\1/p' "$ENCNET_SRC/lib/data/datasets.def"); do
    grep -qF "| \`$name\` |" "$ENCNET_SRC/docs/datasets.md" || fail "the table of docs/datasets.md lacks $name"
done

write_config tiny.ini
"$train" tiny.ini --export-data drawn >/dev/null || fail "no pictures"
images=(drawn/images/train/*.png)
labels=(drawn/annotations/train/*.png)

# -- VOC: three pictures of the training split, one of the augmented set, one of the validation split, one of none
voc=VOCdevkit/VOC2012
mkdir -p $voc/{JPEGImages,SegmentationClass,ImageSets/Segmentation}
for i in 0 1 2 3 4 5; do
    cp "${images[i]}" $voc/JPEGImages/2007_00000$i.jpg # a picture is recognised by its content
    [ $i = 3 ] || cp "${labels[i]}" $voc/SegmentationClass/2007_00000$i.png
done
printf '2007_00000%s\n' 0 1 2 >$voc/ImageSets/Segmentation/train.txt
printf '2007_00000%s\r\n' 4 >$voc/ImageSets/Segmentation/val.txt
cat >voc.ini <<INI
include = tiny.ini
include = $ENCNET_SRC/configs/_base_/datasets/pascal_voc12.ini
[data]
root = $voc
samples_per_device = 2
[augment]
scale = 48,40
crop = 32,32
[eval]
image_scale = none
[train]
max_iters = 2
INI
expect 0 "$train" voc.ini --check-data
out_matches '^training images +3$'
out_matches '^validation images +1$'

expect 4 "$train" voc.ini --check-data --set data.train_extra=yes
err_has "looked for the labels of the extra images in $voc/SegmentationClassAug, which is not there (data.train_extra)"
err_has "; $voc holds ImageSets, JPEGImages, SegmentationClass"
err_has "$voc/ImageSets/Segmentation/aug.txt"
mkdir $voc/SegmentationClassAug
cp "${labels[3]}" $voc/SegmentationClassAug/2007_000003.png
printf '2007_00000%s\n' 3 >$voc/ImageSets/Segmentation/aug.txt
expect 0 "$train" voc.ini --check-data --set data.train_extra=yes
out_matches '^training images +4$'

expect 4 "$train" voc.ini --check-data --set data.root=VOCdevkit
err_has "data.type=voc: looked for the training images in VOCdevkit/JPEGImages, which is not there (data.train_images)"
err_has "; VOCdevkit holds VOC2012"
err_has "looked for the list of validation images in VOCdevkit/ImageSets/Segmentation/val.txt"
out_matches '^problems +6$'
expect 4 "$train" voc.ini --check-data --set data.root=nowhere
err_has "; . holds VOCdevkit, drawn, "
expect 3 "$train" voc.ini --check-data --set model.classes=20
err_has "model.classes = 20: voc has 21"

# -- the same tree as the layout of a data set of one's own
cat >own.ini <<INI
include = tiny.ini
[data]
type = folder
root = $voc
train_images = JPEGImages
train_labels = SegmentationClass
train_list = ImageSets/Segmentation/train.txt
val_images = JPEGImages
val_labels = SegmentationClass
val_list = ImageSets/Segmentation/val.txt
INI
expect 0 "$train" own.ini --check-data
out_matches '^training images +3$'
expect 4 "$train" own.ini --check-data --set data.train_list= --set data.train_images=ImageSets/Segmentation/train.txt
err_has "data.train_list"

# -- COCO-Stuff 10k: x.jpg and x_labelTrainIds.png
for split in train val; do
    mkdir -p stuff/{images,annotations}/$split
    for i in 0 1; do
        cp "${images[i]}" stuff/images/$split/$i.jpg
        cp "${labels[i]}" stuff/annotations/$split/${i}_labelTrainIds.png
    done
done
cat >stuff.ini <<INI
include = tiny.ini
[data]
type = folder
root = stuff
INI
expect 4 "$train" stuff.ini --check-data
err_has "data.label_suffix = _labelTrainIds.png would pair them"
expect 0 "$train" stuff.ini --check-data --set data.image_suffix=.jpg --set data.label_suffix=_labelTrainIds.png
out_matches '^training images +2$'

# -- two steps, and an evaluation
need_device
expect 0 "$train" voc.ini --set data.train_extra=yes --work-dir run
[ -d run/iter_2 ] || fail "no run/iter_2: $(ls run)"
expect 0 "$eval_" voc.ini --checkpoint run/latest --json scores.json
grep -q '"name": "tvmonitor"' scores.json || fail "no tvmonitor: $(cat scores.json)"
grep -q '"images": 1' scores.json || fail "not one image: $(cat scores.json)"

expect 0 "$eval_" voc.ini --checkpoint run/latest --predict $voc/JPEGImages --out submission --format voc
[ "$(find submission -name '2007_*.png' | wc -l)" = 6 ] || fail "not 6 pictures: $(find submission)"
[ "$(od -An -tu1 -j 25 -N 1 submission/2007_000000.png | tr -d ' ')" = 3 ] || fail "the submission is no indexed PNG"
expect 2 "$eval_" voc.ini --checkpoint run/latest --predict $voc/JPEGImages --out other --format ade20k
err_has "it is for the 150 classes of data.type=ade20k, and the model has 21"

finish
