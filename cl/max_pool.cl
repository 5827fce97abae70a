/*
 * max_pool - largest value of every window, and which it was.
 *
 *   y[n,j,k,c]  = max over r,s of x[n, j stride - pad + r, k stride - pad + s, c]; padding never wins
 *   index       r size + s of the first maximum in scan order, one byte
 *   dx          gathered: every input visits the windows that hold it
 *
 *   x, dx  [N,H,W,C]    y, dy, index  [N,OH,OW,C];  one work-item is one element
 */
__kernel void max_pool_fwd(__global float *y, __global uchar *index, __global const float *x, int N, int H, int W, int C,
                           int OH, int OW, int size, int stride, int pad)
{
    size_t i = get_global_id(0), p = i / C;
    int c = (int)(i % C), h0, w0, best = 0;
    float most = -INFINITY;

    if (i >= (size_t)N * OH * OW * C) return;
    h0 = (int)(p / OW % OH) * stride - pad;
    w0 = (int)(p % OW) * stride - pad;
    x += p / OW / OH * H * W * C;
    for (int r = max(0, -h0); r < min(size, H - h0); r++)
        for (int s = max(0, -w0); s < min(size, W - w0); s++) {
            float v = x[((size_t)(h0 + r) * W + w0 + s) * C + c];
            if (v > most || isnan(v)) { /* a NaN wins, so that a diverged run shows */
                most = v;
                best = r * size + s;
            }
        }
    y[i] = most;
    index[i] = (uchar)best;
}

__kernel void max_pool_bwd(__global float *dx, __global const float *dy, __global const uchar *index, int N, int H, int W,
                           int C, int OH, int OW, int size, int stride, int pad)
{
    size_t i = get_global_id(0), p = i / C;
    int c = (int)(i % C), h, w;
    float sum = 0.0f;

    if (i >= (size_t)N * H * W * C) return;
    h = (int)(p / W % H) + pad;
    w = (int)(p % W) + pad;
    dy += p / W / H * OH * OW * C;
    index += p / W / H * OH * OW * C;
    for (int j = max(0, (h - size + stride) / stride); j <= min(OH - 1, h / stride); j++)
        for (int k = max(0, (w - size + stride) / stride); k <= min(OW - 1, w / stride); k++) {
            size_t o = ((size_t)j * OW + k) * C + c;
            if (index[o] == (h - j * stride) * size + w - k * stride) sum += dy[o];
        }
    dx[i] = sum;
}
