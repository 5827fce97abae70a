# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The programs on Debian 12, with PoCL: the CPU is the OpenCL device.
#
#   docker build -t encnet-cl .
#   docker run --rm -v "$PWD":/work encnet-cl encnet-cl-eval --checkpoint model.safetensors --predict photos --out coloured
#
# For a GPU, add the driver of its vendor to the second stage and pass the device (--gpus all, --device /dev/dri).
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc g++ libc6-dev cmake ninja-build pkg-config dpkg-dev file ocl-icd-opencl-dev opencl-headers libclblast-dev \
        libpng-dev libjpeg62-turbo-dev libinih-dev libfreetype-dev zlib1g-dev libopenmpi-dev openmpi-bin \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DENCNET_TESTS=OFF \
    && cmake --build /build && cd /build && cpack -G DEB -B /packages

FROM debian:12-slim
COPY --from=build /packages/*.deb /packages/
RUN apt-get update && apt-get install -y --no-install-recommends \
        pocl-opencl-icd fonts-dejavu-core fonts-wqy-zenhei /packages/libencnet0_*.deb /packages/libencnet-mpi0_*.deb /packages/encnet-cl_*.deb \
    && rm -rf /var/lib/apt/lists/* /packages
WORKDIR /work
CMD ["encnet-cl-info"]
