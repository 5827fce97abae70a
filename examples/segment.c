/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* segment.c - segments a photo: segment CHECKPOINT PHOTO OUT.png
 *
 * CHECKPOINT is a checkpoint of encnet-cl-train, a .safetensors file that describes its network, or a .pth of mmsegmentation with its
 * configuration.  OUT.png gets the classes in their colours.
 *
 *   cc segment.c $(pkg-config --cflags --libs encnet) -o segment */
#include <encnet/encnet.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    encnet_device *device = NULL;
    encnet_model *model = NULL;
    uint8_t *rgb = NULL, *ids = NULL, palette[256 * 3] = {0};
    int h, w, failed = 1;

    if (argc != 4) {
        fprintf(stderr, "usage: segment CHECKPOINT PHOTO OUT.png\n");
        return 2;
    }
    if (encnet_device_open(&device, NULL) != ENCNET_OK) goto done; /* the best OpenCL device */
    if (encnet_model_load(&model, device, argv[1]) != ENCNET_OK) goto done;
    if (encnet_picture_read(&rgb, &h, &w, argv[2], NULL) != ENCNET_OK) goto done;
    ids = malloc((size_t)h * (size_t)w);
    if (!ids) goto done;
    if (encnet_model_run(model, ids, NULL, rgb, h, w) != ENCNET_OK) goto done;
    for (int m = 0; m < encnet_model_classes(model) && m < 256; m++)
        encnet_model_class_colour(palette + 3 * m, model, m);
    if (encnet_picture_write(argv[3], ids, h, w, 1, palette) != ENCNET_OK) goto done;
    failed = 0;
done:
    if (failed) fprintf(stderr, "segment: %s\n", ids || !rgb ? encnet_last_error() : "no memory");
    free(ids);
    encnet_free(rgb);
    encnet_model_free(model);
    encnet_device_close(device);
    return failed;
}
