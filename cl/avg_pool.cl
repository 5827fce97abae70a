/*
 * avg_pool - mean of every window; padding counts as zeros.
 *
 *   y[n,j,k,c] = 1/(R S) sum over r,s of x[n, j stride - pad + r, k stride - pad + s, c]
 *   dx         gathered: every input visits the windows that hold it
 *
 *   x, dx  [N,H,W,C]    y, dy  [N,OH,OW,C]    window R x S;  one work-item is one element
 *
 * Sums run row by row, so that the error of a whole map grows with H + W, not with H W.
 */
__kernel void avg_pool_fwd(__global float *y, __global const float *x, int N, int H, int W, int C, int OH, int OW, int R,
                           int S, int stride, int pad)
{
    size_t i = get_global_id(0), p = i / C;
    int c = (int)(i % C), h0, w0;
    float sum = 0.0f;

    if (i >= (size_t)N * OH * OW * C) return;
    h0 = (int)(p / OW % OH) * stride - pad;
    w0 = (int)(p % OW) * stride - pad;
    x += p / OW / OH * H * W * C;
    for (int r = max(0, -h0); r < min(R, H - h0); r++) {
        float row = 0.0f;
        for (int s = max(0, -w0); s < min(S, W - w0); s++) row += x[((size_t)(h0 + r) * W + w0 + s) * C + c];
        sum += row;
    }
    y[i] = sum / ((float)R * S);
}

__kernel void avg_pool_bwd(__global float *dx, __global const float *dy, int N, int H, int W, int C, int OH, int OW, int R,
                           int S, int stride, int pad)
{
    size_t i = get_global_id(0), p = i / C;
    int c = (int)(i % C), h, w;
    float sum = 0.0f;

    if (i >= (size_t)N * H * W * C) return;
    h = (int)(p / W % H) + pad;
    w = (int)(p % W) + pad;
    dy += p / W / H * OH * OW * C;
    for (int j = max(0, (h - R + stride) / stride); j <= min(OH - 1, h / stride); j++)
        for (int k = max(0, (w - S + stride) / stride); k <= min(OW - 1, w / stride); k++)
            sum += dy[((size_t)j * OW + k) * C + c];
    dx[i] = sum / ((float)R * S);
}
