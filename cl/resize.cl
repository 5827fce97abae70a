/*
 * resize - bilinear, explicit output size.
 *
 *   y[n,j,k,c] = sum over the two rows and two columns next to the source point of (1-f | f) (1-g | g) x
 *   dx         gathered: every input pixel visits the output pixels that read it
 *
 *   x, dx  [N,H,W,C]    y, dy  [N,OH,OW,C]
 *
 * The source point is kept as a fraction of integers, so that its weights carry one rounding only:
 *   half-pixel centres   s = ((2 j + 1) n - m) / (2 m), not below 0
 *   align_corners        s = j (n - 1) / (m - 1), 0 for m = 1
 *
 * One work-item is one pixel; it walks the channels, VEC at a time.
 */
#ifndef VEC
#define VEC 16
#endif
#if VEC != 16
#error "resize.cl: VEC is 16, the width of the vectors below"
#endif

/* Lower source index and the weight of the one above it, for output j of m, input n. */
inline int source(float *f, int j, int n, int m, int align)
{
    int top = align ? j * (n - 1) : (2 * j + 1) * n - m;
    int bottom = align ? max(m - 1, 1) : 2 * m;
    int low = max(top, 0) / bottom;

    *f = (float)(max(top, 0) - low * bottom) / (float)bottom;
    return low;
}

/* How much output j takes from input i. */
inline float weight(int i, int j, int n, int m, int align)
{
    float f;
    int low = source(&f, j, n, m, align), high = min(low + 1, n - 1);

    return (low == i ? 1.0f - f : 0.0f) + (high == i ? f : 0.0f);
}

/* A range of outputs that holds all that read input i. */
inline int first_reader(int i, int n, int m, int align)
{
    if (i == 0) return 0;
    return clamp(align ? (i - 1) * (m - 1) / max(n - 1, 1) : ((2 * i - 1) * m / n - 1) / 2 - 1, 0, m - 1);
}

inline int last_reader(int i, int n, int m, int align)
{
    if (i == n - 1) return m - 1;
    return clamp(align ? (i + 1) * (m - 1) / (n - 1) + 1 : (2 * i + 3) * m / n / 2 + 1, 0, m - 1);
}

__kernel void resize_fwd(__global float *y, __global const float *x, int N, int H, int W, int C, int OH, int OW, int align)
{
    size_t p = get_global_id(0);
    float f, g;
    int j, k, h0, h1, w0, w1;
    __global const float *a, *b, *c, *d;

    if (p >= (size_t)N * OH * OW) return;
    j = (int)(p / OW % OH);
    k = (int)(p % OW);
    h0 = source(&f, j, H, OH, align);
    w0 = source(&g, k, W, OW, align);
    h1 = min(h0 + 1, H - 1);
    w1 = min(w0 + 1, W - 1);
    x += p / OW / OH * H * W * C;
    a = x + ((size_t)h0 * W + w0) * C;
    b = x + ((size_t)h0 * W + w1) * C;
    c = x + ((size_t)h1 * W + w0) * C;
    d = x + ((size_t)h1 * W + w1) * C;
    y += p * C;
    int i = 0;
    for (; i + VEC <= C; i += VEC) {
        float16 top = (1.0f - g) * vload16(0, a + i) + g * vload16(0, b + i);
        float16 bottom = (1.0f - g) * vload16(0, c + i) + g * vload16(0, d + i);
        vstore16((1.0f - f) * top + f * bottom, 0, y + i);
    }
    for (; i < C; i++)
        y[i] = (1.0f - f) * ((1.0f - g) * a[i] + g * b[i]) + f * ((1.0f - g) * c[i] + g * d[i]);
}

__kernel void resize_bwd(__global float *dx, __global const float *dy, int N, int H, int W, int C, int OH, int OW, int align)
{
    size_t p = get_global_id(0);
    int h, w, j0, j1, k0, k1;

    if (p >= (size_t)N * H * W) return;
    h = (int)(p / W % H);
    w = (int)(p % W);
    j0 = first_reader(h, H, OH, align);
    j1 = last_reader(h, H, OH, align);
    k0 = first_reader(w, W, OW, align);
    k1 = last_reader(w, W, OW, align);
    dy += p / W / H * OH * OW * C;
    dx += p * C;
    int i = 0;
    for (; i + VEC <= C; i += VEC) {
        float16 sum = 0.0f;
        for (int j = j0; j <= j1; j++) {
            float16 row = 0.0f;
            for (int k = k0; k <= k1; k++)
                row += weight(w, k, W, OW, align) * vload16(0, dy + ((size_t)j * OW + k) * C + i);
            sum += weight(h, j, H, OH, align) * row;
        }
        vstore16(sum, 0, dx + i);
    }
    for (; i < C; i++) {
        float sum = 0.0f;
        for (int j = j0; j <= j1; j++) {
            float row = 0.0f;
            for (int k = k0; k <= k1; k++) row += weight(w, k, W, OW, align) * dy[((size_t)j * OW + k) * C + i];
            sum += weight(h, j, H, OH, align) * row;
        }
        dx[i] = sum;
    }
}
