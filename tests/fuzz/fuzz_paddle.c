/* fuzz_paddle.c - any bytes as a file of tensors, beginning with Paddle's pickles. */
#include "tensor_file.h"
