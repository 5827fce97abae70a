/* example.c - segments one PPM image with a checkpoint: example CHECKPOINT IMAGE.ppm >
 * classes.pgm */
#include <encnet/encnet.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    encnet_device *device = NULL;
    encnet_model *model = NULL;
    unsigned char *rgb = NULL, *ids = NULL;
    int w, h, rc = 1;
    FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;

    if (!f || fscanf(f, "P6 %d %d 255", &w, &h) != 2 || fgetc(f) == EOF || w < 1 || h < 1 ||
        w > 8192 || h > 8192) {
        fprintf(stderr, "usage: example CHECKPOINT IMAGE.ppm > classes.pgm\n");
        return 2;
    }
    rgb = malloc((size_t)w * (size_t)h * 3);
    ids = malloc((size_t)w * (size_t)h);
    if (rgb && ids && fread(rgb, 3, (size_t)w * (size_t)h, f) == (size_t)w * (size_t)h &&
        encnet_device_open(&device, NULL) == ENCNET_OK &&           /* the best OpenCL device */
        encnet_model_load(&model, device, argv[1]) == ENCNET_OK &&  /* the network it describes */
        encnet_model_run(model, ids, NULL, rgb, h, w) == ENCNET_OK) /* a class for each pixel */
        rc = printf("P5 %d %d 255\n", w, h) < 0 ||
             fwrite(ids, (size_t)w, (size_t)h, stdout) != (size_t)h;
    else
        fprintf(stderr, "example: %s\n", encnet_last_error());
    encnet_model_free(model);
    encnet_device_close(device);
    free(rgb);
    free(ids);
    fclose(f);
    return rc;
}
