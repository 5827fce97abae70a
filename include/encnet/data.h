/*
 * encnet/data.h - data sets as files: check them, write the synthetic one out.
 */
#ifndef ENCNET_DATA_H
#define ENCNET_DATA_H

#include <stddef.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What encnet_data_check found. */
typedef struct encnet_data_summary {
    int images[2]; /* training and validation images */
    int problems;
    uint64_t pixels[ENCNET_MAX_CLASSES + 1]; /* per class over both splits; [255] = ignored */
} encnet_data_summary;

/*
 * Reads every image and label of both splits once.
 *
 *   summary   filled, also when there are problems
 *   problem   called once per problem with one line that names the file; may be NULL
 *   progress  called now and then with how many files of all are done; may be NULL
 *
 * ENCNET_E_DATA  there was at least one problem; the message says how many
 */
ENCNET_API encnet_status encnet_data_check(const encnet_options *options,
                                           encnet_data_summary *summary,
                                           void (*problem)(void *user, const char *line),
                                           void (*progress)(void *user, int done, int all),
                                           void *user) ENCNET_MUST_CHECK;

/*
 * Writes both splits as DIR/images/{train,val}/NAME.png (RGB), DIR/annotations/{train,val}/NAME.png (palette, value =
 * class, 255 = ignored) and DIR/classes.csv, so that data.type = folder and other programs read them.
 *
 * ENCNET_E_IO  names the file
 */
ENCNET_API encnet_status encnet_data_export(const encnet_options *options, const char *dir,
                                            void (*progress)(void *user, int done, int all),
                                            void *user) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
