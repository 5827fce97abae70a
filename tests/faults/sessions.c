/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sessions.c - three runs of a session, for cli/hang.sh: sessions CHECKPOINT run|start|reserve|model.  Exits with the code of what failed first. */
#include <encnet/encnet.h>
#include <stdio.h>
#include <string.h>

enum { W = 40, H = 30 };

int main(int argc, char **argv)
{
    static uint8_t rgb[3 * W * H], ids[W * H];
    encnet_device_options options = {.timeout = 2};
    encnet_image image = {.format = ENCNET_RGB8, .width = W, .height = H, .planes = {rgb}};
    encnet_results results = {.ids = ids};
    encnet_device *device = NULL;
    encnet_model *model = NULL;
    encnet_session *session = NULL;
    encnet_status rc, first;

    if (argc != 3) return 2;
    first = encnet_device_open(&device, &options);
    if (first == ENCNET_OK) first = encnet_model_load(&model, device, argv[1]);
    if (first == ENCNET_OK) first = encnet_session_new(&session, model, NULL);
    if (first != ENCNET_OK) fprintf(stderr, "%s\n", encnet_last_error());
    for (int i = 1; session && i <= 3; i++) {
        if (strcmp(argv[2], "run") == 0) {
            rc = encnet_session_run(session, &image, 1, &results);
        } else if (strcmp(argv[2], "reserve") == 0) {
            rc = encnet_session_reserve(session, 1, W, H);
        } else if (strcmp(argv[2], "model") == 0) {
            rc = encnet_model_run(model, ids, NULL, rgb, H, W);
        } else {
            rc = encnet_session_start(session, &image, 1, &results, NULL, NULL);
            if (rc == ENCNET_OK) rc = encnet_session_wait(session);
        }
        if (rc != ENCNET_OK) fprintf(stderr, "run %d: %s\n", i, encnet_last_error());
        if (first == ENCNET_OK) first = rc;
    }
    encnet_session_free(session);
    if (first != ENCNET_E_DEVICE || strcmp(argv[2], "model") == 0)
        encnet_model_free(model); /* else a session is still in it */
    encnet_device_close(device);
    return encnet_status_exit_code(first);
}
