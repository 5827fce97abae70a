/*
 * argmax - the class of each pixel: the lowest index of the largest channel.
 *
 *   y  int [P]
 *   z  [P,M]; one work-item owns the row of one pixel
 */
#include "rows.clh"

__kernel void argmax_fwd(__global int *y, __global const float *z, uint P, uint M)
{
    size_t p = get_global_id(0);

    if (p < P) y[p] = (int)row_argmax(z + p * M, M);
}
