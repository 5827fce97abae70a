/* fuzz_safetensors.c - any bytes as a file of tensors, beginning with safetensors. */
#include "tensor_file.h"
