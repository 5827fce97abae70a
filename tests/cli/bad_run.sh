#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A loss that is not finite and a disk that is full: the run ends with its own exit code, and the last good checkpoint stays.
# A batch that is too small for the network is refused before the run begins.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini

# -- the loss: the run stops, the checkpoint before stays as it was and is the one to resume from
expect 0 "$train" tiny.ini --work-dir run --set train.max_iters=2
before=$(sums run/iter_2)
expect 9 "$train" tiny.ini --work-dir run --resume auto --set train.max_iters=100 --set train.checkpoint_interval=0 \
    --set optimizer.lr=1000
err_matches 'iteration [0-9]+: .*not finite'
[ "$(sums run/iter_2)" = "$before" ] || fail "the last good checkpoint has changed"
[ "$(readlink run/latest)" = iter_2 ] || fail "latest leads to $(readlink run/latest)"
grep -qi 'not finite' run/*.log || fail "the log does not say why the run ended"

# -- the disk: files may not grow beyond the weights, and hold a header too, as on a device that becomes full
before=$(sums run/iter_2)
weights=run/iter_2/weights.safetensors
most=$((($(stat -c %s $weights) - $(od -An -tu8 -N 8 $weights)) / 1024 + 1))
(ulimit -f $most && trap '' XFSZ && exec "$train" tiny.ini --work-dir run --resume auto) >out 2>err
got=$?
[ $got = 8 ] || fail "a full disk gives exit $got, not 8: $(tail -n 3 err)"
err_has "weights.safetensors"
err_has "the checkpoint before is as it was"
[ "$(sums run/iter_2)" = "$before" ] || fail "a full disk changed the checkpoint"
[ "$(readlink run/latest)" = iter_2 ] || fail "latest leads to $(readlink run/latest)"
[ -z "$(find run -name '*.tmp')" ] || fail "left behind: $(find run -name '*.tmp')"

# -- and with room again it goes on
expect 0 "$train" tiny.ini --work-dir run --resume auto
[ "$(readlink run/latest)" = iter_4 ] || fail "the resumed run ends at $(readlink run/latest)"
(ulimit -f 1 && trap '' XFSZ && exec "$train" tiny.ini --export-data exported) >out 2>err
got=$?
[ $got = 8 ] || fail "pictures on a full disk give exit $got, not 8: $(tail -n 3 err)"
err_has exported/

# -- a batch of one image leaves the batch norm of DeepLabV3's pooled branch a single value
expect 2 "$train" tiny.ini --work-dir deep --set model.network=deeplabv3 --set data.samples_per_device=1
err_has "data.samples_per_device is 1, devices 1, model.norm sync"
expect 0 "$train" tiny.ini --work-dir deep --set model.network=deeplabv3 --set train.max_iters=1

# -- what the run writes there and is no file is found at the start, a pipe without a reader, too; nothing has begun
write_toy toy.ini
toy=(timeout 60 "$ENCNET_BIN/tests/toy_train" toy.ini --work-dir odd)
for name in toy.log toy.log.json curves.png experiment.ini; do
    for make in mkfifo mkdir; do
        rm -rf odd
        mkdir odd
        $make odd/$name
        expect 8 "${toy[@]}" --resume auto
        err_is "encnet-cl-train: odd/$name: the run writes a file of this name, and there is something that is no regular file; move it away"
        [ "$(ls odd)" = $name ] || fail "the run has begun: $(ls odd)"
    done
done
rm -rf odd
mkdir odd
for name in toy.log curves.png; do ln -s /dev/null odd/$name; done
expect 0 "${toy[@]}"

# -- a link into a folder that is not there is such a thing; one to a name that is free is a choice
for name in toy.log toy.log.json curves.png experiment.ini; do
    rm -rf odd
    mkdir odd
    ln -s none/x odd/$name
    expect 8 "${toy[@]}" --resume auto
    err_is "encnet-cl-train: odd/$name: the run writes a file of this name, and it is a link into the folder odd/none, which is not there; move it away"
    [ "$(ls odd)" = $name ] || fail "the run has begun: $(ls odd)"
done
rm -rf odd
mkdir odd
ln -s drawn.png odd/curves.png
expect 0 "${toy[@]}"
[ -s odd/drawn.png ] || fail "no curves behind the link"

# -- so is what is no folder in place of that of the events, unless there are none
for make in 'touch odd/tf_logs' 'mkfifo odd/tf_logs' 'ln -s none odd/tf_logs'; do
    rm -rf odd
    mkdir odd
    $make
    expect 8 "${toy[@]}"
    err_is "encnet-cl-train: odd/tf_logs: the run makes a folder of this name, and there is something that is no folder; move it away, or set output.tensorboard = no"
    [ "$(ls odd)" = tf_logs ] || fail "the run has begun: $(ls odd)"
    expect 0 "${toy[@]}" --set output.tensorboard=no
done

# -- curves that cannot be drawn do not end the run, but it says so
rm -rf odd
mkdir odd
ln -s drawn/x.png odd/curves.png
mkdir odd/drawn
(while [ ! -e odd/iter_2 ]; do sleep 0.01; done; mv odd/drawn gone) &
expect 0 "${toy[@]}" --set train.max_iters=200
wait
err_matches 'no curves are drawn: odd/(curves.png|drawn/x.png): '

# -- a start that is refused leaves neither a lock nor the folders that it has made, and no other's
refused() {
    expect "$1" timeout 60 "$ENCNET_BIN/tests/toy_train" toy.ini --work-dir "$2" "${@:3}"
}
mkdir -p there/mine there/old
echo mine >there/mine/file
touch there/old/lock
before=$(find there | sort)
for way in --resume=none --set=model.pretrained=none; do
    refused 5 made/deep//er/ $way
    refused 5 "$PWD/made" $way
    refused 5 there/more $way
    refused 5 there/mine $way
    refused 5 there/old $way
done
[ ! -e made ] || fail "left behind: $(find made)"
[ "$(find there | sort)" = "$before" ] || fail "left behind or gone: $(find there)"
finish
