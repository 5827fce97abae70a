/*
 * confusion - how often a pixel of class t was given class y.
 *
 *   counts      int [M,M], row = label
 *   label       int [P]; anything outside 0 .. M-1, and 255 always, is left out
 *   prediction  int [P]; anything outside 0 .. M-1 is left out
 *
 * Adding integers gives the same sum in any order, so atomics keep the result exact and repeatable.  Neighbours mostly
 * agree: a work-item walks RUN of them and adds once per run of equal pairs.
 */
#ifndef RUN
#define RUN 64
#endif
#if RUN < 1
#error "confusion.cl: RUN must be positive"
#endif
#define IGNORE 255

__kernel void confusion_clear(__global int *counts, uint size)
{
    size_t i = get_global_id(0);

    if (i < size) counts[i] = 0;
}

__kernel void confusion_fwd(__global int *counts, __global const int *label, __global const int *prediction, uint P,
                            uint M)
{
    size_t first = get_global_id(0) * (size_t)RUN;
    uint bin = 0;
    int count = 0;

    for (uint i = 0; i < RUN; i++) {
        size_t p = first + i;
        int t = p < P ? label[p] : IGNORE;
        int y = p < P ? prediction[p] : -1;

        if (t < 0 || (uint)t >= M || t == IGNORE || y < 0 || (uint)y >= M) continue;
        if (count > 0 && bin != (uint)t * M + (uint)y) {
            atomic_add(&counts[bin], count);
            count = 0;
        }
        bin = (uint)t * M + (uint)y;
        count++;
    }
    if (count > 0) atomic_add(&counts[bin], count);
}
