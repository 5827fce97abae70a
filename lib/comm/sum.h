/* sum.h - the one sum that every allreduce makes, whatever carries the numbers. */
#ifndef ENCNET__SUM_H
#define ENCNET__SUM_H
#include <stddef.h>

/* out[i] = parts[0][i] + parts[1][i] + ... for first <= i < first + count, in this order, in double, rounded once.
 * `out` may be one of the parts.  Needs nothing of the library: libencnet_mpi has a copy of its own. */
void encnet__sum(float *out, const float *const *parts, int n_parts, size_t first, size_t count);

#endif
