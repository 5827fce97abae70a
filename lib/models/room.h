/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* room.h - device memory that grows to what is needed and is used again. */
#ifndef ENCNET__ROOM_H
#define ENCNET__ROOM_H

#include "device/device.h"

static inline size_t encnet__room_bytes(const encnet__buffer *room)
{
    return room ? encnet__buffer_bytes(room) : 0;
}

/* Makes room for `bytes` in *room, which starts as NULL; its contents are lost if it has to grow. */
static inline encnet_status encnet__room_for(encnet__buffer **room, encnet_device *dev,
                                             size_t bytes)
{
    if (*room && encnet__buffer_bytes(*room) >= bytes) return ENCNET_OK;
    encnet__buffer_free(*room);
    *room = NULL;
    return encnet__buffer_new(room, dev, bytes);
}

#endif
