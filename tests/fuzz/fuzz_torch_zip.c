/* fuzz_torch_zip.c - any bytes as a file of tensors, beginning with zip files as PyTorch writes them. */
#include "tensor_file.h"
