/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* segment.cpp - segments a photo, in C++11: segment CHECKPOINT PHOTO OUT.png
 *
 *   c++ -std=c++11 segment.cpp $(pkg-config --cflags --libs encnet) -o segment */
#include <encnet/encnet.hpp>
#include <iostream>

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::cerr << "usage: segment CHECKPOINT PHOTO OUT.png\n";
        return 2;
    }
    try {
        encnet::device device; // the best OpenCL device
        encnet::model model(device, argv[1]);
        encnet::session session(model);
        encnet::picture photo(argv[2]);

        std::vector<uint8_t> ids = session.ids(photo.image());
        encnet::write_ids(argv[3], ids, photo.height(), photo.width(), model.palette());
        std::cout << model.option("model.network") << " on " << device.name() << ": "
                  << model.classes() << " classes\n";
    } catch (const encnet::error &e) {
        std::cerr << "segment: " << e.what() << "\n";
        return encnet_status_exit_code(e.status());
    }
    return 0;
}
